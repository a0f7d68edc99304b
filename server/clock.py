"""The one place where time is read: everything else is told what time it is."""

import asyncio
import time


class Clock:
    """The time of this machine, once as a stopwatch and once as a calendar."""

    __slots__ = ()

    def now(self) -> float:
        """Monotonic seconds: for measuring and for deadlines, never for showing."""
        return time.monotonic()

    def utcnow(self) -> float:
        """Seconds since 1970 in UTC: for stamps that others will read."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await asyncio.sleep(seconds)
