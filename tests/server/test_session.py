"""A bound resource: what is written, what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from server.jid import JID
from server.session import Held, Session
from server.stream.management import REQUEST_EVERY, AckedTooMuchError, Outbox
from tests.harness.clock import FakeClock

if TYPE_CHECKING:
    from server.account import Account

JID_A = JID.of("anna@example.org/a")
R = b"<r xmlns='urn:xmpp:sm:3'/>"


class Anything:
    """Stands in for the account, its host, their server and the sweep."""

    def __init__(self) -> None:
        self.host = self.server = self.sweep = self
        self.jid = JID.of("example.org")
        self.clock = FakeClock()
        self.clock.advance(7)
        self.max_unacked = 30
        self.unconfirmed: set[Session] = set()
        self.overflowed: set[Session] = set()
        self.arrived: list[int] = []

    def acknowledged(self, mids: list[int]) -> None:
        self.arrived += mids

    def overflow(self, session: Session) -> None:
        self.overflowed.add(session)


class Line:
    is_congested = False

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self, error: Any = None) -> None: ...


def made(managed: bool = False) -> tuple[Session, Line, Anything]:
    world, line = Anything(), Line()
    session = Session(cast("Account", world), JID_A, line)
    if managed:
        session.outbox = Outbox()
    return session, line, world


def test_at_first() -> None:
    session, _, _ = made()
    assert not session.is_available
    assert session.active
    assert not session.carbons
    assert not session.interested
    assert (session.priority, session.handled, session.sequence) == (0, 0, 0)


def test_without_stream_management_written_is_arrived() -> None:
    session, line, world = made()
    session.send(b"<a/>")
    session.send(b"<b/>", 7)
    assert line.written == [b"<a/>", b"<b/>"]
    assert world.arrived == [7]


def test_without_a_stream_nothing_arrives() -> None:
    session, _, world = made()
    session.stream = None
    session.send(b"<b/>", 7)
    assert world.arrived == []


def test_with_stream_management_acknowledged_is_arrived() -> None:
    """XEP-0198 §4."""
    session, line, world = made(managed=True)
    session.send(b"<a/>")
    session.send(b"<b/>", 7)
    session.send(b"<c/>", 8)
    assert line.written == [b"<a/>", b"<b/>", b"<c/>"]
    assert world.arrived == []
    assert world.unconfirmed == {session}
    session.acknowledged(2)
    assert world.arrived == [7]
    session.acknowledged(3)
    assert world.arrived == [7, 8]


def test_while_the_connection_is_gone_it_is_remembered() -> None:
    session, line, _ = made(managed=True)
    session.stream = None
    session.send(b"<a/>", 7)
    assert line.written == []
    assert session.outbox is not None
    assert session.outbox.queue == [(b"<a/>", 7)]


def test_asking_now_and_then() -> None:
    session, line, _ = made(managed=True)
    for _ in range(REQUEST_EVERY + 3):
        session.send(b"<a/>")
    assert line.written.count(R) == 1
    assert line.written.index(R) == REQUEST_EVERY
    assert session.outbox is not None
    assert session.outbox.requested == 7


def test_too_much_is_noted() -> None:
    session, _, world = made(managed=True)
    for _ in range(30):
        session.send(b"<a/>")
    assert not world.overflowed
    session.send(b"<a/>")
    assert world.overflowed == {session}


@pytest.mark.parametrize(("managed", "h"), [(True, 1), (False, 0)])
def test_acknowledging_too_much(managed: bool, h: int) -> None:
    session, _, _ = made(managed=managed)
    with pytest.raises(AckedTooMuchError):
        session.acknowledged(h)


def test_what_is_new_waits_for_what_is_old() -> None:
    session, line, _ = made()
    session.held = Held()
    session.deliver(b"<new/>", 7)
    session.send(b"<presence/>")
    assert line.written == [b"<presence/>"]
    assert list(session.held) == [(b"<new/>", 7)]
    assert session.held.size == 6


def test_a_filter_may_take_it() -> None:
    session, line, _ = made()
    taken: list[tuple[bytes, int]] = []

    class Taker:
        def __call__(self, wire: bytes, mid: int) -> bool:
            taken.append((wire, mid))
            return not mid

        def flush(self) -> None: ...

    session.filter = Taker()
    session.send(b"<a/>")
    session.send(b"<b/>", 7)
    session.put(b"<c/>")
    assert taken == [(b"<a/>", 0), (b"<b/>", 7)]
    assert line.written == [b"<b/>", b"<c/>"]


def test_what_makes_a_client_answer() -> None:
    """XEP-0199 §4.1: from the server to the full address; or <r/>."""
    session, _, _ = made()
    ping = session.probe(1.0)
    assert ping.startswith(b"<iq type='get' ")
    assert b"to='anna@example.org/a'" in ping
    assert b"from='example.org'" in ping
    session, _, _ = made(managed=True)
    assert session.probe(1.0) == R
