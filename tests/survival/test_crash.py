"""`kill -9` in the middle of everything: what was acknowledged is there after the restart."""

from __future__ import annotations

import asyncio
import os
import random  # noqa: TID251  a seed makes every round repeatable
import sqlite3
import sys
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Final

from tests.survival.chat import WARDEN, Figures, Habit, Person, look
from tests.survival.process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

#: How often the server is killed, and how many pairs chat.
ROUNDS: Final = int(os.environ.get("SURVIVAL_ROUNDS", "3"))
PAIRS: Final = int(os.environ.get("SURVIVAL_PAIRS", "5"))
SEED: Final = int(os.environ.get("SURVIVAL_SEED", "1"))
_LOAD: Final = (0.1, 0.7)
"""Seconds of chat before the kill."""


async def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    people = pairs(PAIRS)
    async with ServerProcess(tmp_path) as server:
        await server.add_users([WARDEN, *people])
        total = Figures()
        show(f"\n kill  after s  start s {Figures.heading()}")
        for number in range(ROUNDS):
            await arrive(server, people, chance)
            seconds = chance.uniform(*_LOAD)
            await chat_until_killed(server, people, chance, number, seconds)
            started = await server.start()
            figures = await look(server, people, number)
            show(f"{number + 1:>5} {seconds:>8.2f} {started:>8.2f} {figures.row()}")
            total += figures
            assert (figures.lost, figures.doubled) == (0, 0), server.told()
        show(f"  all                   {total.row()}")
        assert total.acknowledged
        assert not server.crashes()
        server.kill()
    assert is_whole(server.data / "skerry.sqlite")


def show(line: str) -> None:
    """Write a line of the table, which `pytest -s` shows."""
    sys.stdout.write(line + "\n")


def pairs(count: int) -> dict[str, Person]:
    names = [(f"a{number}", f"b{number}") for number in range(count)]
    return {
        name: Person(name, peer)
        for name, peer in chain(names, ((right, left) for left, right in names))
    }


async def arrive(server: ServerProcess, people: dict[str, Person], chance: random.Random) -> None:
    """One of each pair is always there, or nobody would write."""
    for person in people.values():
        may = (Habit.ACKNOWLEDGES, Habit.SILENT)
        if person.name.startswith("b"):
            may += (Habit.ABSENT,)  # type: ignore[assignment]
        await person.arrive(server.port, chance.choice(may))


async def chat_until_killed(
    server: ServerProcess, people: dict[str, Person], chance: random.Random, number: int,
    seconds: float,
) -> None:  # fmt: skip
    """All who are there chat; after a while the server dies, and what it had sent is read."""
    present = [person for person in people.values() if person.client is not None]
    async with asyncio.TaskGroup() as group:
        for person in present:
            mine = random.Random(chance.random())
            group.create_task(person.chat(mine, str(number)))
        first = present[0]
        assert first.client is not None
        await first.client.until(lambda: bool(first.acknowledged()))
        await asyncio.sleep(seconds)  # the moment of the kill is what this is about
        server.kill()
    for person in present:
        assert person.client is not None
        await person.client.until(lambda c=person.client: c.is_closed)  # type: ignore[misc]
        await person.client.stop()


def is_whole(path: Path) -> bool:
    """Whether the database is in order."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
