"""Gathers what connections have to write during one turn of the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from server import bugs

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from server.clock import Clock


class Flushable(Protocol):
    """What has something to write at the end of a turn."""

    def flush(self) -> None:
        """Write it."""

    def abort(self) -> None:
        """Writing has failed."""


class Flusher:
    """Flushes every connection that was written to, once a turn."""

    __slots__ = ("_clock", "_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._waiting: list[Flushable] = []

    def add(self, connection: Flushable) -> None:
        """This connection has something to write."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(connection)

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.now()

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back after a while."""
        self._loop.call_later(seconds, callback)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            try:
                connection.flush()
            except Exception as bug:  # noqa: BLE001 - the others must not stay silent for it
                bugs.record("connection.crashed", bug)
                connection.abort()
