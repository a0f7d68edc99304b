"""How often strangers from one place may register (XEP-0077 §3.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.errors import Condition, ErrorType, StanzaError
from server.net.peers import subnet

if TYPE_CHECKING:
    from server.clock import Clock

#: Places remembered at most; when full, the oldest is forgotten.
REMEMBERED: Final = 10_000


class Door:
    """Lets one new account through for each place in `pause` seconds."""

    def __init__(self, clock: Clock, pause: float) -> None:
        self._clock = clock
        self._pause = pause
        self._entered: dict[str, float] = {}

    def enter(self, peer: str) -> None:
        """Somebody from there wants to register; refused when it is too soon."""
        key, now = subnet(peer), self._clock.now()
        last = self._entered.pop(key, None)
        if last is not None and now - last < self._pause:
            self._entered[key] = last
            raise StanzaError(
                Condition.RESOURCE_CONSTRAINT, "Too many new accounts; wait a while", ErrorType.WAIT
            )
        while len(self._entered) >= REMEMBERED:
            del self._entered[next(iter(self._entered))]
        self._entered[key] = now

    def left(self, peer: str) -> None:
        """It came to nothing: the place may try again at once."""
        self._entered.pop(subnet(peer), None)
