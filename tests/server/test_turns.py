"""One after another, and nothing is left when nobody waits."""

import asyncio

import pytest

from server.turns import Turns


async def test_one_after_another() -> None:
    turns, order = Turns(), []

    async def work(name: str, key: str) -> None:
        async with turns.of(key):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        for name, key in (("a", "x"), ("b", "x"), ("c", "y")):
            group.create_task(work(name, key))
    assert order.index("a ends") < order.index("b begins")
    assert order.index("c begins") < order.index("a ends")
    assert len(turns) == 0


async def test_a_failure_ends_the_turn() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"):
        async with turns.of("x"):
            raise ValueError("no")
    async with turns.of("x"):
        assert len(turns) == 1
    assert len(turns) == 0
