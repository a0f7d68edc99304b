"""Who may connect, and when: limits for each place on the network (XEP-0205 §3.2).

How many connections a place has is a hard limit. How often it connects, and how often it shakes
hands for TLS, is a rate: who is too quick waits, his connection unread, for his turn. This machine
itself knows no rates: a proxy may stand here, and everybody behind it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from server import log
from server.net.peers import is_here, subnet
from server.net.rates import Rates

if TYPE_CHECKING:
    from server.clock import Clock
    from server.config.limits import Limits
    from server.meters import Meters

_log = log.get(__name__)

#: So many lines in the log for each place at once, and then one in so many seconds: he who is
#: refused must not fill the disk.
_LINES: Final = 10
_LINE_EVERY: Final = 10.0

_REASONS: Final = ("count", "rate", "tls")


class Turnstile:
    """Decides about connections; `tcp.Connection` obeys."""

    def __init__(self, limits: Limits, clock: Clock, meters: Meters) -> None:
        self._clock = clock
        self._most = limits.connections_per_address
        self._open: Counter[str] = Counter()
        # Who has waited must have time left to log in.
        patience = float(limits.unauthenticated_timeout) / 2
        self._connecting = _rates(limits.connection_rate, limits.connection_burst, patience)
        self._shaking = _rates(limits.handshake_rate, limits.handshake_burst, patience)
        self._lines = Rates(1 / _LINE_EVERY, _LINES)
        refused = meters.counter(
            "connections_refused", "Connections refused by limits for an address", ("reason",)
        )
        self._refused = {reason: refused.at(reason) for reason in _REASONS}
        self._delayed = meters.counter(
            "connections_delayed", "Connections that had to wait by limits for an address"
        ).at()

    def admit(self, peer: str, *, is_tls: bool) -> float | None:
        """Whether a connection is welcome: seconds that it has to wait, None if it is not.

        It is counted if so, until `release`.
        """
        place = subnet(peer)
        if self._most and self._open[place] >= self._most:
            self._refuse(peer, "count")
            return None
        wait = self._turn(self._connecting, "rate", peer)
        longer = self._turn(self._shaking, "tls", peer) if is_tls and wait is not None else 0.0
        if wait is None or longer is None:
            return None
        self._open[place] += 1
        self._delayed.value += wait + longer > 0
        return max(wait, longer)

    def handshake(self, peer: str) -> float | None:
        """As above, for a connection that is to become TLS."""
        wait = self._turn(self._shaking, "tls", peer)
        self._delayed.value += bool(wait)
        return wait

    def release(self, peer: str) -> None:
        """One of the connections that were admitted is gone."""
        place = subnet(peer)
        self._open[place] -= 1
        if self._open[place] <= 0:
            del self._open[place]

    def _turn(self, rates: Rates | None, reason: str, peer: str) -> float | None:
        place = subnet(peer)
        if rates is None or is_here(place):
            return 0.0
        wait = rates.take(place, self._clock.now())
        if wait is None:
            self._refuse(peer, reason)
        return wait

    def _refuse(self, peer: str, reason: str) -> None:
        self._refused[reason].value += 1
        if self._lines.take(subnet(peer), self._clock.now()) is not None:
            _log.warning("connection.refused", peer=peer, reason=reason)


def _rates(rate: int, burst: int, patience: float) -> Rates | None:
    return Rates(rate, burst, patience) if rate else None
