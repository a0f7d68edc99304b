"""Coroutines that are stepped by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.eager import begin

if TYPE_CHECKING:
    from collections.abc import Generator


async def test_what_need_not_wait_is_done_at_once() -> None:
    done = []

    async def work() -> None:
        done.append(1)

    assert begin(work()) is None
    assert done == [1]


async def test_what_waits_goes_on_when_it_is_awaited() -> None:
    gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    steps = []

    async def work() -> int:
        steps.append("begun")
        value = await gate
        await asyncio.sleep(0)
        steps.append("done")
        return value

    rest = begin(work())
    assert rest is not None
    assert steps == ["begun"]
    gate.set_result(7)
    assert await rest == 7
    assert steps == ["begun", "done"]


async def test_as_a_task() -> None:
    gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return await gate

    rest = begin(work())
    assert rest is not None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(rest.run())
        await asyncio.sleep(0)
        gate.set_result(3)
    assert task.result() == 3


async def test_exceptions_come_out_at_once() -> None:
    async def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        begin(work())


async def test_exceptions_come_out_later() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise LookupError

    rest = begin(work())
    assert rest is not None
    with pytest.raises(LookupError):
        await rest


async def test_exceptions_go_in() -> None:
    """What the awaited thing raises is raised inside, where it may be caught."""
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await gate
        except LookupError:
            return "caught"
        return "not raised"

    rest = begin(work())
    assert rest is not None
    gate.set_exception(LookupError())
    assert await rest == "caught"


async def test_cancelling_goes_in() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    rest = begin(work())
    assert rest is not None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await rest
    assert cancelled == [True]


async def test_other_awaitables() -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    assert begin(done) is None

    class Once:
        def __await__(self) -> Generator[None, None, None]:
            yield

    rest = begin(Once())
    assert rest is not None
    await rest
