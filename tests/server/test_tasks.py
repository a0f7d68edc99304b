"""Background tasks and their owner."""

import asyncio

import pytest
from structlog.testing import capture_logs

from server.tasks import Tasks
from tests.harness.loop import settle


async def test_all_end_with_their_owner() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async with Tasks("test") as tasks:
        tasks.spawn(work("one"), "one")
        tasks.spawn(work("two"), "two")
        await settle()
        assert len(tasks) == 2
    assert sorted(ended) == ["one", "two"]
    assert len(tasks) == 0


async def test_a_crash_is_logged_and_harms_nobody_else() -> None:
    async def crash() -> None:
        raise KeyError("lost")

    async with Tasks("test") as tasks:
        other = tasks.spawn(asyncio.Event().wait(), "other")
        with capture_logs() as logs:
            tasks.spawn(crash(), "crash")
            await settle()
        assert not other.done()
    assert [(line["event"], line["task"]) for line in logs] == [("task.crashed", "test/crash")]


async def test_cancellation_is_no_crash() -> None:
    with capture_logs() as logs:
        async with Tasks("test") as tasks:
            tasks.spawn(asyncio.Event().wait(), "one")
            await settle()
    assert logs == []


async def test_a_result_can_be_waited_for() -> None:
    async def answer() -> int:
        return 42

    async with Tasks("test") as tasks:
        assert await tasks.spawn(answer(), "answer") == 42


async def test_nothing_starts_after_the_end() -> None:
    tasks = Tasks("test")
    await tasks.close()
    with pytest.raises(RuntimeError, match="test has ended and starts no late"):
        tasks.spawn(asyncio.Event().wait(), "late")


async def test_a_task_may_close_its_owner() -> None:
    tasks = Tasks("test")
    other = tasks.spawn(asyncio.Event().wait(), "other")
    await tasks.spawn(tasks.close(), "closer")
    assert other.cancelled()
