"""A client that stops reading: it costs little, hinders nobody and misses nothing."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING, Final

from tests.survival.chat import message
from tests.survival.client import Client
from tests.survival.process import BUSY, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE: Final = 1 << 20
#: How much slower others may be while somebody is flooded: generous, as two cores do everything.
SLOWER: Final = 60
#: What counts as quick at most, so that a lucky measurement asks for no wonders, and what other
#: programs do on this machine is no failure: a server that is held up takes seconds.
QUICK: Final = 0.02


async def test_thousands_of_messages_wait_for_who_does_not_read(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, BUSY) as server:
        await server.add_users(["slow", "carol", "anna", "ben", "dora"])
        slow = await Client.online(server.port, "slow")
        carol = await Client.online(server.port, "carol")
        senders = [await Client.online(server.port, name) for name in ("anna", "ben", "dora")]
        calm = await round_trip(carol)
        before = server.memory()
        slow.listen(reads=False)
        trips: list[float] = []
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(keep_pinging(carol, trips))
            async with asyncio.TaskGroup() as writing:
                for sender in senders:
                    writing.create_task(write(sender, "slow", 2000, 2000))
            watch.cancel()
        assert server.memory() - before < 60 * MEGABYTE
        assert median(trips) < max(calm, QUICK) * SLOWER
        await slow.stop()

        again = await Client.online(server.port, "slow", "other")
        await arrive(again, senders, 2000)
        assert not server.crashes(), server.told()


async def test_large_messages_do_not_pile_up(tmp_path: Path) -> None:
    """Few enough to be kept by number, and far too large."""
    async with ServerProcess(tmp_path, BUSY) as server:
        await server.add_users(["slow", "anna"])
        slow = await Client.online(server.port, "slow")
        anna = await Client.online(server.port, "anna")
        before = server.memory()
        await slow.stop()  # and its session waits for it
        await write(anna, "slow", 600, 200_000)
        assert server.memory() - before < 100 * MEGABYTE
        again = await Client.online(server.port, "slow")
        await arrive(again, [anna], 600)
        assert not server.crashes(), server.told()


async def test_who_reads_slowly_what_waited_gets_all_of_it(tmp_path: Path) -> None:
    """While the old is being read, new messages come: they must not pile up either."""
    async with ServerProcess(tmp_path, BUSY) as server:
        await server.add_users(["slow", "anna"])
        anna = await Client.online(server.port, "anna")
        await write(anna, "slow", 2000, 5000)
        slow = await Client.online(server.port, "slow")
        await slow.until(lambda: bool(slow.bodies()))
        slow.listen(reads=False)
        before = server.memory()
        await write(anna, "slow", 4000, 5000, start=2000)
        assert server.memory() - before < 60 * MEGABYTE
        await slow.stop()
        slow.acknowledge()
        again = await Client.online(server.port, "slow", "other")
        had = len(slow.bodies(0, slow.confirmed))
        await again.until(lambda: last(again) == f"anna.{5999}")
        got = [body.split()[0] for body in again.bodies()]
        assert got == [f"anna.{number}" for number in range(6000)][-len(got) :]
        assert len(got) >= 6000 - had


async def write(client: Client, to: str, count: int, size: int, start: int = 0) -> None:
    """Write numbered messages, as fast as they are acknowledged."""
    for number in range(start, start + count):
        await client.send(message(to, f"{client.local}.{number} {'x' * size}"))
        if number % 10 == 9:
            client.ask()
            await client.until(lambda: len(client.waiting) < 50)
    await client.settled()


async def arrive(client: Client, senders: list[Client], count: int) -> None:
    """Wait for all that they have written, each once and in order."""
    await client.until(lambda: len(client.bodies()) >= count * len(senders))
    bodies = [body.split()[0] for body in client.bodies()]
    for sender in senders:
        mine = [body for body in bodies if body.startswith(f"{sender.local}.")]
        assert mine == [f"{sender.local}.{number}" for number in range(count)]


def last(client: Client) -> str:
    bodies = client.bodies(max(0, len(client.received) - 5))
    return bodies[-1].split()[0] if bodies else ""


async def round_trip(client: Client) -> float:
    """How long a ping takes on a quiet server."""
    return median([await client.ping() for _ in range(20)])


async def keep_pinging(client: Client, trips: list[float]) -> None:
    while True:
        trips.append(await client.ping())
