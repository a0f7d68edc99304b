"""Run a coroutine at once, and only make a task of it if it really has to wait.

Most awaitables on the way of a login or a request are answered from memory. Stepping such a
coroutine by hand costs a fraction of a task (style: what things cost).
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any


class Rest:
    """A coroutine that was begun and waits for `first`; await it to go on."""

    __slots__ = ("_coroutine", "_first")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], first: Any) -> None:
        self._coroutine = coroutine
        self._first = first

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, waits_for = self._coroutine, self._first
        self._first = None
        try:
            while True:
                try:
                    value = yield waits_for
                except BaseException as error:  # noqa: BLE001 - hand it to whom it is for
                    waits_for = coroutine.throw(error)
                else:
                    waits_for = coroutine.send(value)
        except StopIteration as stop:
            return stop.value

    async def run(self) -> Any:
        """The rest, as a coroutine for a task."""
        return await self


def begin(work: Awaitable[Any]) -> Rest | None:
    """Start `work`; None if it has ended already (its exceptions come out here)."""
    if not isinstance(work, Coroutine):
        work = _wait_for(work)
    try:
        first = work.send(None)
    except StopIteration:
        return None
    return Rest(work, first)


async def _wait_for(work: Awaitable[Any]) -> Any:
    return await work
