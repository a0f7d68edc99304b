"""The journal: hot-path rows gathered on the event loop and committed together.

Rows are appended synchronously and get a sequence number. A batch is handed to the driver when the
one before it has ended and a short interval has passed; after a pause it goes at the end of the
same loop tick. `durable` follows the commits, and whoever waits for a number is called in order.

When a commit fails, its rows are given back to their origins (or kept, if declared `retry`),
`durable` stands still and the database is tried again every second. Only a commit that works moves
`durable` on, over the failed rows too: by then their origins have been told.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from server.storage.batch import Batch, Lane, Outcome, Write, lane_for
from server.storage.errors import StorageError
from server.storage.insert import Insert, Row, Step

COMMIT_INTERVAL = 0.003
RETRY_INTERVAL = 1.0
ROW_LIMIT = 20_000
SIZE_LIMIT = 64 << 20
# What a row weighs beside its payload, in bytes; a rough figure.
_ROW_SIZE = 128


class Journal:
    """Gathers rows and general writes into batches. Belongs to the event loop's thread."""

    def __init__(
        self,
        commit: Callable[[Batch], None],
        *,
        commit_interval: float = COMMIT_INTERVAL,
        retry_interval: float = RETRY_INTERVAL,
        row_limit: int = ROW_LIMIT,
        size_limit: int = SIZE_LIMIT,
    ) -> None:
        """`commit` starts a commit; `finished` must be called on the loop when it has ended."""
        self._loop = asyncio.get_running_loop()
        self._commit = commit
        self._interval = commit_interval
        self._retry_interval = retry_interval
        self._row_limit = row_limit
        self._size_limit = size_limit
        self._lanes: dict[Insert, Lane] = {}
        self._writes: list[Write] = []
        self._last = 0
        self._rows = 0
        self._size = 0
        self._waiters: deque[tuple[int, Callable[[], None]]] = deque()
        # True from the moment a flush is planned until the commit that it began has ended.
        self._armed = False
        self._timer: asyncio.Handle | None = None
        self._next_commit = 0.0
        self._syncs: set[asyncio.Future[None]] = set()
        self.durable = 0
        self.failing = False
        self.on_failed: Callable[[list[object], Exception], None] = _nobody_told
        #: Told how many seconds each commit took, and whether it worked.
        self.on_finished: Callable[[float, bool], None] = _nobody_counts
        self._began = 0.0

    @property
    def full(self) -> bool:
        """Too much waits for the disk: refuse new work."""
        return self._rows >= self._row_limit or self._size >= self._size_limit

    @property
    def last(self) -> int:
        """The highest sequence number given out."""
        return self._last

    @property
    def waiting(self) -> int:
        """How many rows are not on disk yet."""
        return self._rows

    def append(self, insert: Insert, row: Row, origin: object = None) -> int:
        """Queue a row for the next commit and return its sequence number. Never drops it."""
        weigh = insert.weigh
        self._size += _ROW_SIZE if weigh < 0 else _ROW_SIZE + len(row[weigh])
        self._rows += 1
        lane = self._lanes.get(insert)
        if lane is None:
            lane = self._lanes[insert] = lane_for(insert)
        lane.add(row, origin)
        self._last += 1
        if not self._armed:
            self._arm()
        return self._last

    def write(self, steps: Sequence[Step]) -> asyncio.Future[list[Row]]:
        """Queue a general write; it follows the rows of its batch. Gives the last step's rows."""
        done: asyncio.Future[list[Row]] = self._loop.create_future()
        self._writes.append(Write(steps, done))
        self._last += 1
        if not self._armed:
            self._arm()
        return done

    def when_durable(self, seq: int, callback: Callable[[], None]) -> None:
        """Call back once everything up to `seq` is on disk: at once if it is already.

        Callbacks run in the order of their numbers, equal numbers in the order of asking.
        """
        waiters = self._waiters
        if seq <= self.durable and not (waiters and waiters[0][0] <= self.durable):
            callback()
        elif not waiters or seq >= waiters[-1][0]:
            waiters.append((seq, callback))
        else:
            place = len(waiters)
            while place and waiters[place - 1][0] > seq:
                place -= 1
            waiters.insert(place, (seq, callback))

    async def sync(self) -> None:
        """Wait until all that was appended so far is on disk; raises what hindered it."""
        if self.durable >= self._last:
            return
        done: asyncio.Future[None] = self._loop.create_future()
        self._syncs.add(done)
        done.add_done_callback(self._syncs.discard)
        self.when_durable(self._last, partial(_release, done))
        await done

    async def close(self) -> None:
        """Store what waits, if that is possible at all, with one last attempt."""
        if self.failing and self._timer is not None:
            self._timer.cancel()
            self._flush()
        with suppress(StorageError):
            await self.sync()
        if self._timer is not None:
            self._timer.cancel()

    def finished(self, batch: Batch, outcome: Outcome) -> None:
        """Take note of how a commit ended; the driver calls this on the loop."""
        self.on_finished(self._loop.time() - self._began, outcome.error is None)
        if outcome.error is None:
            self._stored(batch, outcome)
        else:
            self._failed(batch, outcome.error)

    def _arm(self) -> None:
        self._armed = True
        delay = self._next_commit - self._loop.time()
        if delay <= 0:
            self._timer = self._loop.call_soon(self._flush)
        else:
            self._timer = self._loop.call_later(delay, self._flush)

    def _flush(self) -> None:
        """Hand everything that waits to the driver."""
        self._timer = None
        self._began = self._loop.time()
        self._next_commit = self._began + self._interval
        batch = Batch(self._lanes, self._writes, self._last, self._rows, self._size, self.failing)
        self._lanes = {}
        self._writes = []
        self._commit(batch)

    def _stored(self, batch: Batch, outcome: Outcome) -> None:
        self.failing = False
        self._rows -= batch.rows
        self._size -= batch.size
        self._armed = False
        if self._lanes or self._writes:
            self._arm()
        for write, result in zip(batch.writes, outcome.results, strict=True):
            _resolve(write, result)
        for origin, error in outcome.refused:
            self._tell([origin], error)
        self.durable = batch.last
        self._wake()

    def _wake(self) -> None:
        """Call whoever waited for what is durable now."""
        waiters = self._waiters
        while waiters and waiters[0][0] <= self.durable:
            _, callback = waiters.popleft()
            try:
                callback()
            except Exception as error:  # noqa: BLE001  one waiter's bug must not deafen the rest
                self._report("a callback of the journal failed", error)

    def _failed(self, batch: Batch, error: Exception) -> None:
        self.failing = True
        self._timer = self._loop.call_later(self._retry_interval, self._flush)
        newer, self._lanes = self._lanes, {}
        origins = self._keep(batch)
        for insert, lane in newer.items():
            kept = self._lanes.setdefault(insert, lane)
            if kept is not lane:
                for row, origin in lane.pairs():
                    kept.add(row, origin)
        for write in batch.writes:
            _resolve(write, error)
        for done in self._syncs:
            if not done.done():
                done.set_exception(error)
        self._report("a commit failed", error)
        if origins:
            self._tell(origins, error)

    def _keep(self, batch: Batch) -> list[object]:
        """Queue again what may be retried; return the origins of the rest, each once."""
        self._rows -= batch.rows
        self._size -= batch.size
        origins: dict[int, object] = {}
        for insert, lane in batch.lanes.items():
            if insert.retry and len(lane) <= self._row_limit:
                self._lanes[insert] = lane
            else:
                origins.update((id(origin), origin) for origin in lane.origins)
        origins.pop(id(None), None)
        return list(origins.values())

    def _tell(self, origins: list[object], error: Exception) -> None:
        """Give failed rows back to those who sent them."""
        try:
            self.on_failed(origins, error)
        except Exception as bug:  # noqa: BLE001  the journal itself must go on
            self._report("telling of failed rows failed", bug)

    def _report(self, message: str, error: Exception) -> None:
        self._loop.call_exception_handler({"message": message, "exception": error})


def _resolve(write: Write, result: list[Row] | Exception) -> None:
    if write.done.done():
        return  # cancelled meanwhile
    if isinstance(result, Exception):
        write.done.set_exception(result)
    else:
        write.done.set_result(result)


def _release(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _nobody_told(origins: list[object], error: Exception) -> None:
    """Stands in until somebody wants to know; the failure was reported to the loop."""


def _nobody_counts(seconds: float, is_stored: bool) -> None:
    """Stands in until somebody measures."""
