"""Stream management on a client stream: enabling, acknowledging, resuming (XEP-0198)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s.stream import Phase
from server.element import escape
from server.errors import Condition, StreamCondition, StreamError
from server.stream.management import NS, WRAP, AckedTooMuchError, Outbox, parse_h

if TYPE_CHECKING:
    from server.c2s.stream import ClientStream, Table
    from server.element import Element
    from server.session import Session

_NS: Final = NS.encode()
_STANZAS: Final = b"urn:ietf:params:xml:ns:xmpp-stanzas"


def enable(stream: ClientStream, element: Element) -> None:
    """Start counting (§3)."""
    session = stream.session
    assert session is not None
    if session.outbox is not None:
        # "a client SHALL only make at most one attempt to enable stream management" (§3)
        _fail(stream, Condition.UNEXPECTED_REQUEST)
        return
    session.outbox = Outbox()
    session.handled = 0
    server = stream.server
    timeout = int(server.config.stream_management.resume_timeout)
    if element.get("resume") in ("true", "1") and timeout:
        server.sessions.make_resumable(session)
        stream.write(
            b"<enabled xmlns='%s' id='%s' resume='true' max='%d'/>"
            % (_NS, session.resume_id.encode(), timeout)
        )
    else:
        stream.write(b"<enabled xmlns='%s'/>" % _NS)


def out_of_order(stream: ClientStream, element: Element) -> None:
    """Refuse: enabling comes after binding, resuming instead of it.

    "The server SHALL enforce this order and return a <failed/> element" (§3, §6).
    """
    _fail(stream, Condition.UNEXPECTED_REQUEST)


def request(stream: ClientStream, element: Element) -> None:
    """The client asks what was handled: answer when it is on disk (§4)."""
    session = stream.session
    assert session is not None
    if session.outbox is None:
        return
    answer = b"<a xmlns='%s' h='%d'/>" % (_NS, session.handled % WRAP)
    journal = stream.server.journal
    if session.sequence <= journal.durable:
        stream.write(answer)
    else:
        # The promise of this server: "acknowledged" means that no crash can lose it.
        journal.when_durable(session.sequence, lambda: stream.write(answer))


def acknowledge(stream: ClientStream, element: Element) -> None:
    """The client says what it has handled (§4)."""
    session = stream.session
    assert session is not None
    h = parse_h(element.get("h"))
    if h is None:
        stream.close(StreamError(StreamCondition.BAD_FORMAT, "h must be a number"))
        return
    if session.outbox is None:
        return
    try:
        session.acknowledged(h)
    except AckedTooMuchError as wrong:
        stream.close(_too_high(wrong))


def _too_high(wrong: AckedTooMuchError) -> StreamError:
    """What to say to a peer that acknowledges more than there was (§4)."""
    return StreamError(
        StreamCondition.UNDEFINED_CONDITION,
        f"You acknowledged {wrong.h} stanzas, but only {wrong.sent} were sent",
        application=b"<handled-count-too-high xmlns='%s' h='%d' send-count='%d'/>"
        % (_NS, wrong.h, wrong.sent),
    )


def resume(stream: ClientStream, element: Element) -> None:
    """Take up a session that lost its connection (§5)."""
    server, host = stream.server, stream.host
    assert host is not None
    h = parse_h(element.get("h"))
    session = server.sessions.resumable(element.get("previd") or "")
    # The session must be this very account's: "the server MUST … authenticate" anew (§5).
    if (
        session is None
        or h is None
        or session.account.jid.local != stream.account_name
        or session.host is not host
    ):
        handled = server.sessions.ended_at(element.get("previd") or "", host, stream.account_name)
        _fail(stream, Condition.ITEM_NOT_FOUND, handled)
        return
    outbox = session.outbox
    assert outbox is not None
    try:
        session.acknowledged(h)
    except AckedTooMuchError as wrong:
        server.sessions.end(session)
        stream.close(_too_high(wrong))
        return
    server.sessions.take(session)
    # `h` in our answer is an acknowledgement like any other: it waits for the disk, also for what a
    # handler that the lost connection left behind may just be writing.
    server.journal.when_durable(server.journal.last, lambda: _go_on(stream, session, outbox))


def _go_on(stream: ClientStream, session: Session, outbox: Outbox) -> None:
    """Answer, unless something else has happened while the disk was busy."""
    server = stream.server
    if stream.phase is not Phase.AUTHENTICATED:
        if session.stream is None:
            server.sessions.lost(session)
        return
    if server.sessions.resumable(session.resume_id) is not session:
        _fail(stream, Condition.ITEM_NOT_FOUND)
        return
    # Of two connections that resume, the later one is where the client is now.
    server.sessions.take(session)
    server.sessions.resume(session, stream)
    stream.adopt(session)
    stream.write(
        b"<resumed xmlns='%s' h='%d' previd='%s'/>"
        % (_NS, session.handled % WRAP, escape(session.resume_id))
    )
    # "the server … MUST … retransmit" what was not acknowledged, in order (§5)
    for wire, _ in outbox.queue:
        stream.write(wire)
    if outbox.queue:
        stream.write(outbox.request(server.clock.now()))


def _fail(stream: ClientStream, condition: Condition, handled: int | None = None) -> None:
    h = b"" if handled is None else b" h='%d'" % handled
    stream.write(
        b"<failed xmlns='%s'%s><%s xmlns='%s'/></failed>"
        % (_NS, h, condition.value.encode(), _STANZAS)
    )


TABLE: Table = {
    (Phase.BOUND, f"{{{NS}}}enable"): enable,
    (Phase.UNAUTHENTICATED, f"{{{NS}}}enable"): out_of_order,
    (Phase.AUTHENTICATED, f"{{{NS}}}enable"): out_of_order,
    (Phase.UNAUTHENTICATED, f"{{{NS}}}resume"): out_of_order,
    (Phase.BOUND, f"{{{NS}}}resume"): out_of_order,
    (Phase.BOUND, f"{{{NS}}}r"): request,
    (Phase.BOUND, f"{{{NS}}}a"): acknowledge,
    (Phase.AUTHENTICATED, f"{{{NS}}}resume"): resume,
}
