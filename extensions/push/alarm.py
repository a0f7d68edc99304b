"""One timer for all accounts: who is to be looked at when."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Final

from server import bugs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from extensions.push.watch import Watch
    from server.server import Server

#: How late an alarm may be that is set while others are waited for.
TICK: Final = 1.0
_LEAST: Final = 0.01


class Alarm:
    """Rings for one account after the other; there is no task while none is set."""

    def __init__(self, server: Server, ring: Callable[[Watch], Awaitable[None]]) -> None:
        self._server = server
        self._ring = ring
        self._hours: list[tuple[float, int, Watch]] = []
        self._order = itertools.count()
        self._is_running = False

    def set(self, watch: Watch, hour: float) -> None:
        """Ring at that hour, unless it rings for the account before."""
        if self._server.is_stopping or (watch.armed is not None and watch.armed <= hour):
            return
        watch.armed = hour
        heapq.heappush(self._hours, (hour, next(self._order), watch))
        if not self._is_running:
            self._is_running = True
            self._server.tasks.spawn(self._run(), "push")

    async def _run(self) -> None:
        clock = self._server.clock
        try:
            while self._hours:
                await self._ring_all(clock.now())
                if self._hours:
                    gap = self._hours[0][0] - clock.now()
                    await clock.sleep(min(TICK, max(gap, _LEAST)))
        finally:
            self._is_running = False

    async def _ring_all(self, now: float) -> None:
        while self._hours and self._hours[0][0] <= now:
            hour, _, watch = heapq.heappop(self._hours)
            if watch.armed != hour:
                continue  # an earlier one has rung already
            watch.armed = None
            try:
                await self._ring(watch)
            except Exception as bug:  # noqa: BLE001 - the others want to be woken too
                bugs.record("push.crashed", bug)
