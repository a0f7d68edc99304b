"""When a device is notified of what waits for it; pure decisions, with the time handed in.

Theory of operation
    Each device has an `Agenda`. A message that may have missed the device goes in with the time at
    which the device is to be notified of it, and goes out again when the device has it or the user
    has read it elsewhere. What is still there when its time comes leaves in one notification,
    together with everything else that waits for the device.

    No conversation makes a device ring more than once in `interval` seconds; what comes meanwhile
    waits for the end of that time. Calls have a shorter interval of their own. And however many
    write or call, a device is notified `MOST_A_MINUTE` times a minute: who has somebody else's
    address notified, and has himself flooded, must not flood that address.

    A device whose app server does not answer is left in peace for a while, longer each time, and
    given up after `GIVE_UP` failures in a row.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from server.errors import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

#: Of so many messages an agenda remembers which they are; of older ones it knows the number.
MOST: Final = 100

#: So many seconds lie between two calls of one conversation; who calls must not flood.
CALL_INTERVAL: Final = 5.0

#: So many notifications go to a device in a minute.
MOST_A_MINUTE: Final = 10
_MINUTE: Final = 60.0

#: Failures in a row after which a device is given up.
GIVE_UP: Final = 12
#: Seconds until the next attempt after the first failure; each further failure doubles it.
RETRY: Final = 30.0
LONGEST_RETRY: Final = 6 * 3600.0

#: Answers that mean it will never work again: the node is gone, or takes nothing from us.
FINAL: Final = frozenset((
    Condition.ITEM_NOT_FOUND, Condition.NOT_ACCEPTABLE, Condition.NOT_ALLOWED, Condition.GONE,
))  # fmt: skip

S = TypeVar("S", bound="Hashable")


@dataclass(slots=True, eq=False)  # not frozen: there is one for each message
class Arrival(Generic[S]):
    """A stored message: its number, conversation and time, and how far its way to sessions went.

    `positions` says for each session that was sent it how many stanzas had left there by then;
    `had` which devices got it in sessions that have ended. Or the request of somebody who wants to
    be a contact, under a number of the same kind.
    """

    mid: int
    conversation: str
    at: float
    is_call: bool
    positions: dict[S, int]
    is_request: bool = False
    had: set[tuple[str, str]] = field(default_factory=set)


class Agenda(Generic[S]):
    """What waits for one device."""

    __slots__ = (
        "_called",
        "_left",
        "_rung",
        "_untold",
        "failures",
        "forgotten",
        "not_before",
        "told",
    )

    def __init__(self) -> None:
        self._untold: dict[int, tuple[Arrival[S], float]] = {}  # with the hour of each
        self.told: dict[int, Arrival[S]] = {}
        self._rung: dict[str, float] = {}  # conversation → when it was last notified of
        self._called: dict[str, float] = {}  # and the same for calls
        self._left: deque[float] = deque(maxlen=MOST_A_MINUTE)  # when the last ones left
        self.forgotten = 0  # how many more wait than are remembered
        self.failures = 0
        self.not_before = 0.0

    @property
    def count(self) -> int:
        """How many messages wait for the device."""
        return self.forgotten + sum(1 for arrival in self.waiting if not arrival.is_request)

    @property
    def waiting(self) -> tuple[Arrival[S], ...]:
        """What waits for the device and is remembered."""
        return (*self.told.values(), *(arrival for arrival, _ in self._untold.values()))

    @property
    def is_armed(self) -> bool:
        """Whether the device is yet to be notified of something."""
        return bool(self._untold)

    @property
    def subject(self) -> Arrival[S] | None:
        """What a notification is about: the newest call, or else the newest message."""
        newest = [arrival for arrival, _ in reversed(self._untold.values())]
        return next((each for each in newest if each.is_call), newest[0] if newest else None)

    @property
    def has_call(self) -> bool:
        """Whether somebody calls."""
        return any(arrival.is_call for arrival, _ in self._untold.values())

    @property
    def oldest(self) -> int:
        """The oldest message that waits and is remembered; 0 if nothing waits."""
        return min((*self.told, *self._untold), default=0)

    # -- what changes --

    def recall(self, arrival: Arrival[S]) -> None:
        """The device was told of this message before anything that is known here."""
        self.told[arrival.mid] = arrival

    def add(self, arrival: Arrival[S], due: float) -> None:
        """A message may have missed the device; notify it at `due`."""
        self._untold[arrival.mid] = arrival, due
        if len(self._untold) + len(self.told) > MOST:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        if self.told:
            del self.told[next(iter(self.told))]
        else:
            del self._untold[next(iter(self._untold))]
        self.forgotten += 1

    def settle(self, is_over: Callable[[Arrival[S]], bool]) -> list[Arrival[S]]:
        """Take out what the device has or the user has read; gives what it will not be told of."""
        for mid in [mid for mid, arrival in self.told.items() if is_over(arrival)]:
            del self.told[mid]
        over = [arrival for arrival, _ in self._untold.values() if is_over(arrival)]
        for arrival in over:
            del self._untold[arrival.mid]
        if not self._untold and not self.told:
            # The older ones went before these, or with them.
            self.forgotten = 0
        return over

    def due(self, interval: float) -> float | None:
        """When the device is to be notified next; None if there is nothing to tell."""
        hours = [self._hour(arrival, due, interval) for arrival, due in self._untold.values()]
        if not hours:
            return None
        is_full = len(self._left) == MOST_A_MINUTE
        return max(min(hours), self.not_before, self._left[0] + _MINUTE if is_full else 0.0)

    def _hour(self, arrival: Arrival[S], due: float, interval: float) -> float:
        if arrival.is_call:
            called = self._called.get(arrival.conversation)
            return due if called is None else max(due, called + CALL_INTERVAL)
        rung = self._rung.get(arrival.conversation)
        return due if rung is None else max(due, rung + interval)

    def take(self, now: float, interval: float) -> None:
        """The device is notified now, of everything."""
        self._left.append(now)
        self._rung = {who: at for who, at in self._rung.items() if at + interval > now}
        self._called = {who: at for who, at in self._called.items() if at + CALL_INTERVAL > now}
        for mid, (arrival, _) in self._untold.items():
            rung = self._called if arrival.is_call else self._rung
            rung[arrival.conversation] = now
            self.told[mid] = arrival
        self._untold.clear()

    def greeted(self) -> None:
        """The device is here: what it was notified of it fetches now."""
        self.told.clear()
        self.forgotten = 0

    # -- how it went --

    def succeeded(self) -> None:
        """The app server took the notification."""
        self.failures = 0
        self.not_before = 0.0

    def failed(self, now: float) -> bool:
        """It did not; True if the device is to be given up. All that waits is told once more."""
        self.failures += 1
        self.not_before = now + min(RETRY * 2.0 ** (self.failures - 1), LONGEST_RETRY)
        again = {mid: (arrival, arrival.at) for mid, arrival in self.told.items()}
        self._untold = again | self._untold
        self.told.clear()
        self._rung.clear()
        self._called.clear()
        return self.failures >= GIVE_UP

    def missed(self) -> bool:
        """It will not do, and nobody need try again; True if the device is to be given up."""
        self.failures += 1
        return self.failures >= GIVE_UP


def has_reached(sent: int, acked: int) -> bool:
    """Whether the stanza number `sent` was acknowledged; numbers wrap (XEP-0198 §4)."""
    return (acked - sent) % (1 << 32) < 1 << 31
