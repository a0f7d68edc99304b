"""Stream management on a client stream: enabling, acknowledging, resuming (XEP-0198)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server import delay, message_id
from server.c2s.admission import judge
from server.c2s.phase import Phase
from server.element import escape
from server.errors import Condition, StreamCondition, StreamError
from server.messages.shunned import is_from
from server.sasl.mechanism import Failure
from server.stream.management import NS, WRAP, AckedTooMuchError, Outbox, parse_h

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.c2s.phase import Table
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.jid import JID
    from server.session import Session

_NS: Final = NS.encode()
_STANZAS: Final = b"urn:ietf:params:xml:ns:xmpp-stanzas"
_DELAY: Final = b"<delay xmlns='urn:xmpp:delay'"
_END: Final = b"</message>"


def enable(stream: ClientStream, element: Element) -> None:
    """Start counting (§3)."""
    session = stream.session
    assert session is not None
    if session.outbox is not None:
        # "a client SHALL only make at most one attempt to enable stream management" (§3)
        stream.write(failed(Condition.UNEXPECTED_REQUEST))
        return
    stream.write(begin(session, element))


def begin(session: Session, element: Element) -> bytes:
    """Start counting for a session, which may be bound just now (§9.1); the answer."""
    session.outbox = Outbox()
    session.handled = 0
    server = session.host.server
    timeout = int(server.config.stream_management.resume_timeout)
    if element.get("resume") not in ("true", "1") or not timeout:
        return b"<enabled xmlns='%s'/>" % _NS
    server.sessions.make_resumable(session)
    return b"<enabled xmlns='%s' id='%s' resume='true' max='%d'/>" % (
        _NS, session.resume_id.encode(), timeout,
    )  # fmt: skip


def out_of_order(stream: ClientStream, element: Element) -> None:
    """Refuse: enabling comes after binding, resuming instead of it.

    "The server SHALL enforce this order and return a <failed/> element" (§3, §6).
    """
    stream.write(failed(Condition.UNEXPECTED_REQUEST))


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
        journal.when_durable(session.sequence, lambda: _answer(stream, answer))


def _answer(stream: ClientStream, answer: bytes) -> None:
    # Nothing may be said after the end of the stream (RFC 6120 §4.4).
    if stream.phase is Phase.BOUND:
        stream.write(answer)


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
    session = claim(stream, element)
    if isinstance(session, bytes):
        stream.write(session)
    elif session is not None:
        found = session
        when_settled(found, lambda: _go_on(stream, found))


def claim(stream: ClientStream, element: Element) -> Session | bytes | None:
    """The session that is to be resumed, parted from its old connection; or why not.

    None when the stream had to be closed. `h` in our answer is an acknowledgement like any other:
    the caller waits until all is settled, and then looks again.
    """
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
        or isinstance(judge(stream, session.account), Failure)
    ):
        handled = server.sessions.ended_at(element.get("previd") or "", host, stream.account_name)
        return failed(Condition.ITEM_NOT_FOUND, handled)
    try:
        session.acknowledged(h)
    except AckedTooMuchError as wrong:
        server.sessions.end(session)
        stream.close(_too_high(wrong))
        return None
    server.sessions.take(session)
    return session


def when_settled(session: Session, callback: Callable[[], None]) -> None:
    """Call back when nothing is under way for what the session has received, and all is on disk.

    The lost connection may have left a handler behind.
    """
    journal = session.host.server.journal
    if session.work is None:
        journal.when_durable(journal.last, callback)
    else:
        session.work.add_done_callback(lambda _: journal.when_durable(journal.last, callback))


def may_go_on(stream: ClientStream, session: Session, phase: Phase) -> bool | None:
    """Whether the session is still there now that the disk is no longer busy.

    None when the client that wanted it has gone.
    """
    sessions = stream.server.sessions
    if stream.phase is not phase:
        if session.stream is None:
            sessions.lost(session)
        return None
    return sessions.resumable(session.resume_id) is session


def _go_on(stream: ClientStream, session: Session) -> None:
    """Answer, unless something else has happened while the disk was busy."""
    may = may_go_on(stream, session, Phase.AUTHENTICATED)
    if may:
        attach(stream, session)
    elif may is not None:
        stream.write(failed(Condition.ITEM_NOT_FOUND))


def attach(stream: ClientStream, session: Session, before: bytes = b"", after: bytes = b"") -> None:
    """Give the session its new connection and send again what was not acknowledged.

    `before` and `after` go around the answer, which may stand in another one (§9.2).
    """
    server, outbox = stream.server, session.outbox
    assert outbox is not None
    # Of two connections that resume, the later one is where the client is now.
    server.sessions.take(session)
    server.sessions.resume(session, stream)
    stream.adopt(session)
    stream.write(
        b"%s<resumed xmlns='%s' h='%d' previd='%s'/>%s"
        % (before, _NS, session.handled % WRAP, escape(session.resume_id), after)
    )
    shuns = session.account.shuns
    if shuns is not None and outbox.queue:
        _shed(session, outbox, shuns)
    # "the server … MUST … retransmit" what was not acknowledged, in order (§5)
    for wire, mid in outbox.queue:
        stream.write(_dated(session, wire, mid) if mid > 0 else wire)
    if outbox.queue:
        stream.write(outbox.request(server.clock.now()))


def _dated(session: Session, wire: bytes, mid: int) -> bytes:
    """A stored message with the time when it came, which may be minutes ago (XEP-0203 §2)."""
    if _DELAY in wire or not wire.endswith(_END):
        return wire
    return wire[: -len(_END)] + delay.build(message_id.to_ms(mid), session.host.jid) + _END


def _shed(session: Session, outbox: Outbox, shuns: Callable[[JID], bool]) -> None:
    """Let go what came from those whom the user has blocked meanwhile (XEP-0191 §3.3)."""
    mids = outbox.drop(lambda wire: is_from(wire, shuns))
    if mids:
        session.account.acknowledged(mids)


def failed(condition: Condition, handled: int | None = None) -> bytes:
    """The refusal of anything here, with what an ended session had handled (§5)."""
    h = b"" if handled is None else b" h='%d'" % handled
    return b"<failed xmlns='%s'%s><%s xmlns='%s'/></failed>" % (
        _NS, h, condition.value.encode(), _STANZAS,
    )  # fmt: skip


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
