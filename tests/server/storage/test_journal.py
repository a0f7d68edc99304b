"""The journal by itself, over a driver that commits when it is told to."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.storage.batch import Batch, Outcome
from server.storage.errors import StorageUnavailable
from server.storage.insert import Insert, Row
from server.storage.journal import Journal

ROWS = Insert("rows", ("id", "payload"), payload="payload")
CURSOR = Insert("cursor", ("key", "value"), "(key) DO NOTHING", retry=True, key=1)
BROKEN = StorageUnavailable("the disk is full")


class Disk:
    """A driver under control: `tick` lets the loop run, `end` ends the commit under way."""

    def __init__(self, **options: float) -> None:
        self.batches: list[Batch] = []
        self.stored: list[Row] = []
        self.failed: list[Any] = []
        options = {"commit_interval": 0, "retry_interval": 0} | options
        self.journal = Journal(self.batches.append, **options)  # type: ignore[arg-type]
        self.journal.on_failed = lambda origins, error: self.failed.extend(origins)

    async def tick(self) -> None:
        """Let everything that is due happen."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def end(self, outcome: Outcome | None = None) -> Batch:
        """End the commit under way, well unless said otherwise."""
        await self.tick()
        batch = self.batches.pop(0)
        if outcome is None:
            outcome = Outcome(results=[[] for _ in batch.writes])
        if outcome.error is None:
            self.stored += rows_of(batch)
        self.journal.finished(batch, outcome)
        await self.tick()
        return batch


def rows_of(batch: Batch) -> Iterable[Row]:
    return [row for lane in batch.lanes.values() for row in lane.rows]


async def test_rows_of_one_tick_go_together() -> None:
    disk = Disk()
    for number in range(5):
        disk.journal.append(ROWS, (number, b""))
    batch = await disk.end()
    assert len(list(rows_of(batch))) == 5
    assert disk.journal.durable == 5


async def test_rows_wait_while_a_commit_is_under_way() -> None:
    disk = Disk()
    disk.journal.append(ROWS, (1, b""))
    await disk.tick()
    disk.journal.append(ROWS, (2, b""))
    await disk.tick()
    assert len(disk.batches) == 1
    await disk.end()
    assert disk.journal.durable == 1
    await disk.end()
    assert disk.journal.durable == 2


async def test_commits_keep_their_distance() -> None:
    disk = Disk(commit_interval=3600)
    disk.journal.append(ROWS, (1, b""))
    await disk.end()
    disk.journal.append(ROWS, (2, b""))
    await disk.tick()
    assert not disk.batches


async def test_waiters_run_in_order_once_durable() -> None:
    disk = Disk()
    journal = disk.journal
    called: list[str] = []
    first = journal.append(ROWS, (1, b""))
    await disk.tick()
    second = journal.append(ROWS, (2, b""))
    journal.when_durable(second, lambda: called.append("second"))
    journal.when_durable(first, lambda: called.append("first"))
    journal.when_durable(first, lambda: called.append("first again"))
    await disk.end()
    assert called == ["first", "first again"]
    journal.when_durable(first, lambda: called.append("late"))
    await disk.end()
    assert called == ["first", "first again", "late", "second"]


async def test_a_waiter_that_asks_for_the_past_waits_its_turn() -> None:
    disk = Disk()
    journal = disk.journal
    called: list[str] = []

    def ask() -> None:
        called.append("asking")
        journal.when_durable(1, lambda: called.append("asked"))

    sequence = journal.append(ROWS, (1, b""))
    journal.when_durable(sequence, ask)
    journal.when_durable(sequence, lambda: called.append("other"))
    await disk.end()
    assert called == ["asking", "other", "asked"]


async def test_one_waiters_bug_does_not_deafen_the_rest() -> None:
    disk = Disk()
    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    called: list[int] = []
    sequence = disk.journal.append(ROWS, (1, b""))
    disk.journal.when_durable(sequence, lambda: called.remove(1))
    disk.journal.when_durable(sequence, lambda: called.append(2))
    await disk.end()
    assert called == [2]
    assert isinstance(reports[0]["exception"], ValueError)


async def fail(disk: Disk) -> Batch:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    return await disk.end(Outcome(error=BROKEN))


async def test_failed_rows_go_back_to_their_origins_once_each() -> None:
    disk = Disk()
    called: list[int] = []
    disk.journal.append(ROWS, (1, b""), "a")
    disk.journal.append(ROWS, (2, b""), "a")
    disk.journal.append(ROWS, (3, b""))
    sequence = disk.journal.append(ROWS, (4, b""), "b")
    disk.journal.when_durable(sequence, lambda: called.append(sequence))
    await fail(disk)
    assert disk.failed == ["a", "b"]
    assert disk.journal.failing
    assert disk.journal.durable == 0
    assert not called


async def test_a_later_commit_makes_everything_durable() -> None:
    disk = Disk()
    called: list[int] = []
    disk.journal.when_durable(disk.journal.append(ROWS, (1, b"")), lambda: called.append(1))
    await fail(disk)
    assert (await disk.end()).probe
    assert disk.journal.durable == 1
    assert called == [1]
    assert not disk.journal.failing
    await disk.tick()
    assert not disk.batches


async def test_rows_to_retry_are_kept_and_the_newest_wins() -> None:
    disk = Disk()
    disk.journal.append(CURSOR, ("a", 1))
    disk.journal.append(CURSOR, ("b", 1))
    await disk.tick()
    disk.journal.append(CURSOR, ("a", 2))
    await fail(disk)
    await disk.end()
    assert sorted(disk.stored) == [("a", 2), ("b", 1)]
    assert not disk.failed


async def test_new_rows_are_tried_again_while_failing() -> None:
    disk = Disk()
    disk.journal.append(ROWS, (1, b""), "a")
    await fail(disk)
    disk.journal.append(ROWS, (2, b""), "b")
    await fail(disk)
    if "b" not in disk.failed:  # the probe had begun before
        await fail(disk)
    assert disk.failed == ["a", "b"]


async def test_impossible_rows_are_told_before_waiters_run() -> None:
    disk = Disk()
    order: list[object] = []
    disk.journal.on_failed = lambda origins, error: order.extend(origins)
    sequence = disk.journal.append(ROWS, (1, b""), "guilty")
    disk.journal.when_durable(sequence, lambda: order.append("durable"))
    await disk.end(Outcome(refused=[("guilty", ValueError())]))
    assert order == ["guilty", "durable"]
    assert not disk.journal.failing


async def test_a_bug_in_telling_does_not_stop_the_journal() -> None:
    disk = Disk()
    disk.journal.on_failed = lambda origins, error: origins.remove("x")
    disk.journal.append(ROWS, (1, b""), "guilty")
    await fail(disk)
    await disk.end()
    assert disk.journal.durable == 1


async def test_each_write_gets_its_own_result() -> None:
    disk = Disk()
    good, bad = disk.journal.write([("a", ())]), disk.journal.write([("b", ())])
    await disk.end(Outcome(results=[[(1,)], ValueError("b")]))
    assert await good == [(1,)]
    with pytest.raises(ValueError):
        await bad


async def test_a_cancelled_write_is_nobodys_trouble() -> None:
    disk = Disk()
    disk.journal.write([("a", ())]).cancel()
    await disk.end()
    assert disk.journal.durable == 1


async def test_writes_fail_with_their_commit() -> None:
    disk = Disk()
    write = disk.journal.write([("a", ())])
    await fail(disk)
    with pytest.raises(StorageUnavailable):
        await write


async def test_sync_waits_for_what_was_appended() -> None:
    disk = Disk()
    await disk.journal.sync()
    disk.journal.append(ROWS, (1, b""))
    states: list[bool] = []
    task = asyncio.get_running_loop().create_task(disk.journal.sync())
    await disk.tick()
    states.append(task.done())
    await disk.end()
    states.append(task.done())
    assert states == [False, True]


async def test_sync_tells_what_hinders() -> None:
    disk = Disk()
    disk.journal.append(ROWS, (1, b""))
    task = asyncio.get_running_loop().create_task(disk.journal.sync())
    await fail(disk)
    with pytest.raises(StorageUnavailable):
        await task


async def test_closing_tries_once_more() -> None:
    disk = Disk(retry_interval=3600)
    disk.journal.append(CURSOR, ("a", 1))
    await fail(disk)
    task = asyncio.get_running_loop().create_task(disk.journal.close())
    await disk.end()
    await task
    assert disk.stored == [("a", 1)]


async def test_closing_gives_up_on_a_broken_disk() -> None:
    disk = Disk(retry_interval=3600)
    disk.journal.append(CURSOR, ("a", 1))
    task = asyncio.get_running_loop().create_task(disk.journal.close())
    await fail(disk)
    await task
    assert not disk.stored


async def test_the_journal_is_full_by_rows_until_they_are_stored() -> None:
    disk = Disk(row_limit=2)
    states: list[bool] = []
    disk.journal.append(ROWS, (1, b""))
    states.append(disk.journal.full)
    disk.journal.append(ROWS, (2, b""))
    states.append(disk.journal.full)
    await disk.end()
    states.append(disk.journal.full)
    assert states == [False, True, False]


async def test_the_journal_is_full_by_size() -> None:
    disk = Disk(size_limit=1000)
    states: list[bool] = []
    disk.journal.append(ROWS, (1, b"x" * 1000))
    states.append(disk.journal.full)
    await fail(disk)
    states.append(disk.journal.full)
    assert states == [True, False]


@given(st.lists(st.sampled_from(["append", "commit", "fail"]), max_size=40))
def test_every_row_is_stored_once_in_order_or_given_back(steps: list[str]) -> None:
    async def run() -> None:
        disk = Disk()
        appended = 0
        woken: list[int] = []
        for step in [*steps, "commit", "commit"]:
            if step == "append":
                appended += 1
                sequence = disk.journal.append(ROWS, (appended, b""), appended)
                assert sequence == appended
                disk.journal.when_durable(sequence, lambda number=sequence: woken.append(number))  # type: ignore[misc]
                continue
            await disk.tick()
            if disk.batches:
                await (fail(disk) if step == "fail" else disk.end())
        while disk.batches:
            await disk.end()
        stored = [row[0] for row in disk.stored]
        assert stored == sorted(stored)
        assert sorted([*stored, *disk.failed]) == list(range(1, appended + 1))
        assert woken == list(range(1, appended + 1))
        assert disk.journal.durable == disk.journal.last
        assert not disk.journal.full

    asyncio.run(run())
