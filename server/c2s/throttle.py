"""Failed logins make those who guess wait, longer each time (XEP-0205 §3.3; RFC 6120 §13.9).

Failures count for an account at a place, so nobody is kept out by what others do elsewhere. Those
of a place count together as well, for who tries one password with many accounts; an account that
has logged in from there before does not suffer from that.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from server.net.peers import subnet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from server.clock import Clock

#: Keys remembered at most; when full, the one that was quiet longest is forgotten.
REMEMBERED: Final = 10_000
#: A place may fail so many times as often as an account at it: many people may be there.
CROWD: Final = 10
#: So many failures cost nothing, as anybody may mistype.
FREE: Final = 4
#: So many passwords of one place are hashed at a time.
AT_A_TIME: Final = 4

K = TypeVar("K", bound="Hashable")


class Patience(Generic[K]):
    """Counts failures by key, and says how long each has to wait; without a clock."""

    __slots__ = ("_failures", "_most", "_window")

    def __init__(self, most: int, window: float) -> None:
        """After `most` failures the wait is `window`; after one less, half of that, and so on."""
        self._most = most
        self._window = window
        self._failures: dict[K, tuple[int, float]] = {}  # how many; until when it has to wait

    def __len__(self) -> int:
        return len(self._failures)

    def failed(self, key: K, now: float) -> float:
        """Note a failure; the seconds to wait because of it."""
        count, until = self._failures.pop(key, (0, now))
        if now - until > self._window:
            count = 0
        count = min(count + 1, self._most)
        is_free = count <= FREE and count < self._most
        wait = 0.0 if is_free else self._window * 2.0 ** (count - self._most)
        while len(self._failures) >= REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[key] = (count, now + wait)
        return wait

    def is_waiting(self, key: K, now: float) -> bool:
        """Whether it has to wait still."""
        found = self._failures.get(key)
        return found is not None and now < found[1]

    def forget(self, key: K) -> None:
        """All is well."""
        self._failures.pop(key, None)


class Throttle:
    """Whose logins are refused for a while."""

    def __init__(self, clock: Clock, most: int, window: float) -> None:
        self._clock = clock
        self._names = Patience[tuple[str, str]](most, window)
        self._places = Patience[str](most * CROWD, window)
        self._known: dict[tuple[str, str], None] = {}
        self._lines: dict[str, _Line] = {}

    def failed(self, peer: str, name: str = "") -> float:
        """Note a failure from there, to be `name`; how many seconds it has to wait for it."""
        place, now = subnet(peer), self._clock.now()
        wait = self._names.failed((place, name), now)
        return max(wait, self._places.failed(place, now)) if name else wait

    def succeeded(self, peer: str, name: str) -> None:
        """`name` has logged in from there."""
        key = subnet(peer), name
        self._known.pop(key, None)
        while len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[key] = None
        if len(self._names):
            self._names.forget(key)

    def is_blocked(self, peer: str, name: str = "") -> bool:
        """Whether whoever wants to be `name`, at that place, has to wait."""
        if not len(self._names):
            return False
        key, now = (subnet(peer), name), self._clock.now()
        if self._names.is_waiting(key, now):
            return True
        return bool(name) and key not in self._known and self._places.is_waiting(key[0], now)

    @asynccontextmanager
    async def turn(self, peer: str) -> AsyncIterator[None]:
        """Wait for one's turn among those of one place: nobody shall occupy all threads."""
        place = subnet(peer)
        line = self._lines.get(place)
        if line is None:
            line = self._lines[place] = _Line()
        line.length += 1
        try:
            async with line.turns:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[place]


class _Line:
    """Those who are at work or wait, at one place."""

    __slots__ = ("length", "turns")

    def __init__(self) -> None:
        self.length = 0
        self.turns = asyncio.Semaphore(AT_A_TIME)
