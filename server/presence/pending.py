"""What may have to be waited for, put together: mostly there is nothing to wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Iterable

Pending = Awaitable[None] | None


async def finish(pending: Pending) -> None:
    """Wait, if there is something to wait for."""
    if pending is not None:
        await pending


def all_of(works: Iterable[Pending]) -> Pending:
    """Everything of this that has to be waited for, in its order; None if nothing has."""
    waits = [work for work in works if work is not None]
    return _each(waits) if waits else None


async def _each(works: list[Awaitable[None]]) -> None:
    rest = iter(works)
    try:
        for work in rest:
            await work
    finally:
        # What is not begun when the server stops must not be left lying about.
        for work in rest:
            if isinstance(work, Coroutine):
                work.close()
