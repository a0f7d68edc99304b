"""How much everybody has stored: counted while it changes, refused beyond a limit.

The truth is the sum over somebody's nodes (`pubsub_node.bytes`), which is written together with
what changes it. Here it is added up once and followed from then on. What is about to be written is
claimed first: of two who want the last free bytes one gets them, however long the database takes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from extensions.pubsub import errors, store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from extensions.pubsub.rows import Payer
    from server.storage.database import Database

#: How many people's sums are kept in memory.
KEPT: Final = 10_000


@dataclass(slots=True)
class Limits:
    """The most that one may have."""

    nodes: int
    bytes: int


@dataclass(slots=True)
class _Sum:
    """What one has; writers are counted so that it is not forgotten under them."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_known: bool = False
    is_doubtful: bool = False  # a write failed, and perhaps it did not
    writers: int = 0
    nodes: int = 0
    bytes: int = 0

    def claim(self, nodes: int, bytes_: int, limits: Limits) -> None:
        """Take what is about to be written; who only gives back is never refused."""
        if nodes > 0 and self.nodes + nodes > limits.nodes:
            raise errors.TooManyNodes
        if bytes_ > 0 and self.bytes + bytes_ > limits.bytes:
            raise errors.QuotaReached
        self.nodes += nodes
        self.bytes += bytes_


class Usage:
    """What people have stored at the places of one host."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._sums: OrderedDict[Payer, _Sum] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sums)

    @asynccontextmanager
    async def charge(
        self, payer: Payer, limits: Limits, *, bytes_: int = 0, nodes: int = 0
    ) -> AsyncIterator[None]:
        """Write within this block what adds so much; refuses if it is too much."""
        sum_ = self._sums.setdefault(payer, _Sum())
        sum_.writers += 1
        try:
            await self._know(sum_, payer)
            sum_.claim(nodes, bytes_, limits)
            try:
                yield
            except BaseException:
                sum_.nodes -= nodes
                sum_.bytes -= bytes_
                sum_.is_doubtful = True
                raise
        finally:
            sum_.writers -= 1
            self._leave(payer, sum_)

    async def _know(self, sum_: _Sum, payer: Payer) -> None:
        # Whoever writes has come through here, so nothing is on its way while this is read.
        async with sum_.lock:
            if not sum_.is_known:
                sum_.nodes, sum_.bytes = await store.usage(self._database(), payer)
                sum_.is_known = True

    def _leave(self, payer: Payer, sum_: _Sum) -> None:
        if self._sums.get(payer) is not sum_:
            return
        if not sum_.writers and (sum_.is_doubtful or not sum_.is_known):
            del self._sums[payer]
            return
        self._sums.move_to_end(payer)
        while len(self._sums) > KEPT:
            oldest, its = next(iter(self._sums.items()))
            if its.writers:
                return
            del self._sums[oldest]

    def forget(self) -> None:
        """Much has changed at once."""
        self._sums.clear()
