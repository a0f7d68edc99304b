"""Failed logins from one place make it wait (XEP-0205 §3.3; RFC 6120 §13.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.net.peers import subnet

if TYPE_CHECKING:
    from server.clock import Clock

#: Places remembered at most; when full, the oldest is forgotten.
REMEMBERED: Final = 10_000


class Throttle:
    """Counts failures by network address within a window of time."""

    def __init__(self, clock: Clock, most: int, window: float) -> None:
        self._clock = clock
        self._most = most
        self._window = window
        self._failures: dict[str, tuple[int, float]] = {}

    def failed(self, peer: str) -> None:
        """Note a failed login."""
        now = self._clock.now()
        key = subnet(peer)
        count, since = self._failures.pop(key, (0, now))
        if now - since > self._window:
            count, since = 0, now
        while len(self._failures) >= REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[key] = (count + 1, since)

    def is_blocked(self, peer: str) -> bool:
        """Whether that place has to wait."""
        if not self._failures:
            return False
        count, since = self._failures.get(subnet(peer), (0, 0.0))
        return count >= self._most and self._clock.now() - since <= self._window
