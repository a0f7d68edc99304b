"""Why somebody was notified, or was not: the last events of each account, in memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from server import log
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: So many events are kept for an account.
KEPT: Final = 50

#: Of addresses, which others choose, so much is kept.
_SHOWN: Final = 200

_log = log.get(__name__)


class Event(NamedTuple):
    """Something that happened to a device, or to all of them."""

    at: float  # seconds since 1970
    device: str  # service and node; empty: all
    what: str
    conversation: str
    times: int = 1  # in a row; `at` is the last time

    def __str__(self) -> str:
        when = stamp(int(self.at * 1000)).decode()
        about = f" ({self.conversation})" if self.conversation else ""
        often = f", {self.times} times" if self.times > 1 else ""
        return f"{when} {self.device or 'all devices'}: {self.what}{about}{often}"


class Trace:
    """A ring of events."""

    def __init__(self, owner: str, utcnow: Callable[[], float]) -> None:
        self._owner = owner
        self._utcnow = utcnow
        self._events: deque[Event] = deque(maxlen=KEPT)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def note(self, what: str, device: str = "", conversation: str = "") -> None:
        """Something has happened."""
        device, conversation = device[:_SHOWN], conversation[:_SHOWN]
        times, events = 1, self._events
        if events and events[-1][1:4] == (device, what, conversation):
            times += events.pop().times
        events.append(Event(self._utcnow(), device, what, conversation, times))
        if log.debugging():
            _log.debug("push.traced", account=self._owner, device=device, what=what)
