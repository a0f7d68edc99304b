"""SIGTERM under load: a quick and clean end, after which nothing is missing or comes twice."""

from __future__ import annotations

import random  # noqa: TID251  a seed makes it repeatable
from asyncio import TaskGroup
from typing import TYPE_CHECKING, Final

from tests.survival.chat import WARDEN, Habit, look, message
from tests.survival.client import Client
from tests.survival.process import BUSY, ServerProcess
from tests.survival.test_crash import pairs

if TYPE_CHECKING:
    from pathlib import Path

SEED: Final = 3
WITHIN: Final = 25.0
"""Seconds that an end may take, on however busy a machine; to wait for who does not read would take
longer."""
ROUNDS: Final = 2

_SHUTDOWN: Final = "{urn:ietf:params:xml:ns:xmpp-streams}system-shutdown"


async def test_an_end_under_load_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    people = pairs(4)
    # However slow this machine is now: all are heard out who say what they have.
    async with ServerProcess(tmp_path, {**BUSY, "server": {"drain_timeout": "1m"}}) as server:
        await server.add_users([WARDEN, *people])
        for number in range(ROUNDS):
            for person in people.values():
                absent = person.name == "b0"
                await person.arrive(server.port, Habit.ABSENT if absent else Habit.ACKNOWLEDGES)
            present = {p.name: p.client for p in people.values() if p.client is not None}
            async with TaskGroup() as group:
                for name in present:
                    mine = random.Random(chance.random())
                    group.create_task(people[name].chat(mine, str(number)))
                watched = present["a1"]
                await watched.until(lambda c=watched: len(c.received) > 300)  # type: ignore[misc]
                code, seconds = await server.terminate()
            assert code == 0, server.told()
            assert seconds < WITHIN
            for client in present.values():
                assert client.is_closed
                assert was_told(client), server.told()
            await server.start()
            figures = await look(server, people, number)
            # Clients that acknowledge when they are asked get nothing twice, not even what they
            # acknowledged in the last moment.
            assert (figures.lost, figures.doubled, figures.repeated) == (0, 0, 0), figures
            assert figures.acknowledged > 300
        assert not server.crashes(), server.told()


async def test_who_does_not_read_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        await server.add_users(["anna", "ben"])
        anna = await Client.online(server.port, "anna")
        ben = await Client.online(server.port, "ben")
        ben.listen(reads=False)
        for number in range(400):
            await anna.send(message("ben", f"{number} {'x' * 10_000}"))
        await anna.settled()
        code, seconds = await server.terminate()
        assert code == 0, server.told()
        assert seconds < WITHIN
        await server.start()
        again = await Client.online(server.port, "ben")
        await again.until(lambda: len(again.bodies()) >= 400)
        assert [body.split()[0] for body in again.bodies()] == [str(n) for n in range(400)]


def was_told(client: Client) -> bool:
    """Whether the stream ended with the reason."""
    return any(element.find(_SHUTDOWN) is not None for element in client.other)
