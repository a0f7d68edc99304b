"""One account whose devices are notified: which they are, what waits for each, what happened."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from extensions.push.history import Trace
from extensions.push.rules import LONGEST_RETRY, MOST, Agenda, Arrival, has_reached
from extensions.push.store import State
from server.jid import JID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extensions.push.store import DeviceRow
    from server.account import Account
    from server.clock import Clock
    from server.session import Session

Message = Arrival["Session"]

#: The position of a session that was there and not sent a message.
NOT_SENT: Final = -1

_ACKNOWLEDGED: Final = "cancelled: the device has the message"


class Fresh(NamedTuple):
    """A message that was not yet weighed for any device, and what its sender is to the user."""

    arrival: Message
    is_known: bool
    named: frozenset[str]  # the addresses that it mentions
    is_groupchat: bool
    replies_to: str = ""  # the address of whom it answers, if it says so


class Activity(NamedTuple):
    """Where the user did something last, and when."""

    client: str
    resource: str
    at: float


class Device:
    """One node of an app server, and what waits for it."""

    __slots__ = ("agenda", "is_busy", "is_gone", "is_recalled", "left_at", "noted", "row", "told")

    def __init__(self, row: DeviceRow, clock: Clock) -> None:
        self.row = row
        self.noted = row.state  # what of it is in the database
        self.told = row.state.told  # the newest message that the app server took
        self.agenda: Agenda[Session] = Agenda()
        if row.state.failures:
            self.agenda.failures = row.state.failures
            left = row.state.until / 1000 - clock.utcnow()
            self.agenda.not_before = clock.now() + min(max(left, 0.0), LONGEST_RETRY)
        self.is_busy = False  # a notification is on its way, or waits for its turn
        self.is_gone = False
        self.left_at: float | None = None  # a notification that may come back
        self.is_recalled = False  # what it lacked before is known: nothing, or it was looked up

    @property
    def name(self) -> str:
        """What it is called in traces."""
        return f"{self.row.service} {self.row.node}".rstrip()

    def is_at(self, session: Session) -> bool:
        """Whether that session is the device's."""
        return is_at(self.row, session)

    def session(self, account: Account | None) -> Session | None:
        """The session of the device, connected or not."""
        sessions = () if account is None else account.sessions.values()
        return next((each for each in sessions if self.is_at(each)), None)

    def rings(self, peer: JID) -> bool:
        """Whether it was told that somebody calls."""
        told = self.agenda.told.values()
        return any(each.is_call and each.conversation == peer for each in told)

    def greeted(self) -> None:
        """The device is here, and fetches what it was notified of and whatever it lacked."""
        self.agenda.greeted()
        self.is_recalled = True

    def settle(self, account: Account | None) -> list[Message]:
        """Forget what the device has; gives what it need not be notified of."""
        session = self.session(account)
        queued = set() if session is None else set(session.unconfirmed())

        def is_over(message: Message) -> bool:
            if any(is_of(self.row, *who) for who in message.had):
                return True
            if account is not None and is_unwelcome(account, message):
                return True
            if account is None or session is None:
                return False
            return has(account, session, queued, message)

        return self.agenda.settle(is_over)

    def state(self, clock: Clock) -> State:
        """What it lacks and was told, to be kept."""
        agenda, noted = self.agenda, self.noted
        since = agenda.oldest
        if noted.since and (not self.is_recalled or (agenda.forgotten and noted.since < since)):
            since = noted.since
        until = noted.until
        if agenda.failures != noted.failures:
            left = max(agenda.not_before - clock.now(), 0.0)
            until = int((clock.utcnow() + left) * 1000) if agenda.failures else 0
        return State(since, self.told, agenda.failures, until)


class Watch:
    """The devices of one account."""

    __slots__ = (
        "_clock", "active", "armed", "before", "devices", "fresh", "id", "is_looked_at", "jid",
        "recent", "rung", "trace", "turn", "version",
    )  # fmt: skip

    def __init__(self, number: int, jid: JID, clock: Clock) -> None:
        self.id = number
        self.jid = jid
        self._clock = clock
        self.devices: dict[tuple[str, str], Device] = {}
        self.fresh: list[Fresh] = []
        self.trace = Trace(jid, clock.utcnow)
        self.before = 0  # what is newer was seen here as it came
        self.recent = 0  # from here on, the last messages before the server ended; 0: no such
        self.armed: float | None = None  # when the alarm rings
        self.is_looked_at = False  # somebody reads what is stored, to see what is to be done
        self.rung = 0.0  # until when calls have had their share of that
        self.active: Activity | None = None
        self.turn = asyncio.Lock()  # who changes what is stored of the devices
        self.version = 0  # counts changes of what is stored

    @property
    def is_waiting(self) -> bool:
        """Whether any device is yet to be notified of something."""
        if self.fresh or self.armed is not None:
            return True
        return any(each.agenda.is_armed for each in self.devices.values())

    def add(self, fresh: Fresh) -> None:
        """One more message; a few are enough to notify of."""
        self.before = self.before or fresh.arrival.mid
        self.fresh.append(fresh)
        if len(self.fresh) > MOST:
            del self.fresh[0]

    def adopt(self, rows: Iterable[DeviceRow]) -> None:
        """These are the devices now."""
        old, self.devices = self.devices, {}
        for row in rows:
            key = row.service, row.node
            device = old.pop(key, None) or Device(row, self._clock)
            device.row = row
            self.devices[key] = device
        for device in old.values():
            device.is_gone = True

    def drop(self, device: Device) -> None:
        """A device is notified no more."""
        device.is_gone = True
        self.devices.pop((device.row.service, device.row.node), None)

    def parted(self, session: Session) -> None:
        """A session is gone for good: what it got is noted now, nobody can ask it later."""
        queued, who = set(session.unconfirmed()), (session.client, session.jid.resource)
        # As long as the devices are not known anybody may be one.
        is_one = not self.devices or any(is_of(each.row, *who) for each in self.devices.values())
        arrivals = {id(each.arrival): each.arrival for each in self.fresh}
        for device in self.devices.values():
            arrivals |= {id(each): each for each in device.agenda.waiting}
        for arrival in arrivals.values():
            if is_one and had(session, queued, arrival):
                arrival.had.add(who)
            arrival.positions.pop(session, None)

    def settle(self, account: Account | None) -> None:
        """Take out what the devices have."""
        for device in self.devices.values():
            for message in device.settle(account):
                self.trace.note(_ACKNOWLEDGED, device.name, message.conversation)

    def cancel(self, is_over: Callable[[Message], bool], why: str) -> bool:
        """Take out what needs nobody's attention any more; whether any device knew of it."""
        over = {each.arrival.conversation for each in self.fresh if is_over(each.arrival)}
        self.fresh = [each for each in self.fresh if not is_over(each.arrival)]
        for conversation in over:
            self.trace.note(why, "", conversation)
        has_changed = False
        for device in self.devices.values():
            before = device.agenda.oldest, device.agenda.count
            for conversation in {each.conversation for each in device.agenda.settle(is_over)}:
                self.trace.note(why, device.name, conversation)
            after = device.agenda.oldest, device.agenda.count
            has_changed = has_changed or after != before
        return has_changed

    def hour(self, device: Device, interval: float) -> float | None:
        """When a device is to be notified; some want silence while the user is elsewhere."""
        hour, match = device.agenda.due(interval), device.row.wants.match
        if hour is None or match is None or self.active is None or device.agenda.has_call:
            return hour
        client, resource, at = self.active
        return hour if is_of(device.row, client, resource) else max(hour, at + match.grace)

    def due(self, interval: float) -> float | None:
        """When something is to be done next."""
        hours = [
            hour
            for device in self.devices.values()
            if not device.is_busy and (hour := self.hour(device, interval)) is not None
        ]
        return min(hours, default=None)


def is_at(row: DeviceRow, session: Session) -> bool:
    """Whether that session is the device's."""
    return is_of(row, session.client, session.jid.resource)


def is_of(row: DeviceRow, client: str, resource: str) -> bool:
    """Whether a client, or if it told no name a resource, is the device."""
    return client == row.client if row.client else resource == row.resource


def positions(account: Account, targets: Iterable[Session]) -> dict[Session, int]:
    """How many stanzas had left for each session that was sent a message or a copy, or NOT_SENT."""
    got = set(targets)
    return {
        session: _position(session) if session.carbons or session in got else NOT_SENT
        for session in account.sessions.values()
    }


def _position(session: Session) -> int:
    return session.outbox.sent if session.outbox is not None else 0


def is_unwelcome(account: Account, message: Message) -> bool:
    """Whether the user wants to hear nothing of who wrote it, or is kept out himself."""
    shuns = account.shuns
    return account.is_disabled or (shuns is not None and shuns(JID.parse(message.conversation)))


def is_awake(session: Session | None) -> bool:
    """Whether a device is connected and somebody looks at it (XEP-0352)."""
    return session is not None and session.stream is not None and session.active


def has(account: Account, session: Session, queued: set[int], message: Message) -> bool:
    """Whether a device has a message: it has acknowledged it, itself or as a copy (XEP-0198)."""
    if message.mid in queued:
        return False
    position = message.positions.get(session)
    if position is None or position == NOT_SENT:
        # It came later; what waited it was given by then, or found in the archive.
        return is_awake(session) and not account.ledger.is_waiting(message.mid)
    if session.outbox is None:
        return is_awake(session)
    return has_reached(position, session.outbox.acked)


def had(session: Session, queued: set[int], message: Message) -> bool:
    """The same when the session has just ended; what it did not acknowledge it had not."""
    if message.mid in queued or session.outbox is None:
        return False
    position = message.positions.get(session)
    if position is None:
        return not session.account.ledger.is_waiting(message.mid)
    return position != NOT_SENT and has_reached(position, session.outbox.acked)
