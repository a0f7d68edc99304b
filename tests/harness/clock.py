"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools

from server.clock import Clock

EPOCH = 1_700_000_000.0
"""Where the calendar of every test begins: 14 November 2023, 22:13:20 UTC."""


class FakeClock(Clock):
    """Time as the test says: `advance()` moves it and wakes whoever slept long enough."""

    __slots__ = ("_elapsed", "_order", "_sleepers", "epoch")

    def __init__(self, epoch: float = EPOCH) -> None:
        self.epoch = epoch
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._elapsed

    def utcnow(self) -> float:
        return self.epoch + self._elapsed

    @property
    def sleepers(self) -> int:
        """How many wait for their hour."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; sleepers whose time has come wake in the order of their hour."""
        self._elapsed += seconds
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
