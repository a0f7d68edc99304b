"""Who owns what runs in the background: everything is started by an owner and ends with it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

from server import bugs

T = TypeVar("T")


class Tasks:
    """The background tasks of one owner: the process, a host, a connection.

    A task that crashes is logged and stays dead: nothing is restarted and nobody else is harmed.
    At the end of the `async with` block, or in `close()`, all that still run are cancelled and
    waited for.
    """

    __slots__ = ("_closing", "_running", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False

    def __len__(self) -> int:
        return len(self._running)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run `work` in the background, under a name for the log."""
        if self._closing:
            work.close()
            raise RuntimeError(f"{self.name} has ended and starts no {name}")
        task = asyncio.create_task(work, name=f"{self.name}/{name}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel what still runs and wait until it is gone; may be called again."""
        self._closing = True
        current = asyncio.current_task()
        while waiting := self._running - {current}:
            for task in waiting:
                task.cancel()
            # A task may take a moment to tidy up, or ignore one cancellation: ask again.
            await asyncio.wait(waiting, timeout=1.0)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """Forget a task, and log its crash."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            bugs.record("task.crashed", error, task=task.get_name())
