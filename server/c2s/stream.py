"""One client stream: which element is legal when, and who handles it (RFC 6120 §4).

A stream goes through the phases below. Each element at its top level is looked up by (phase, tag)
in a table that `server/c2s/table.py` puts together from the rooms; what is not there is not legal
now. Once bound, stanzas take the short way to the host.

Elements are handled one after another. When a handler must wait (for storage, or a thread), the
connection stops reading and what came already waits in line: order is kept.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from server import eager, outages
from server.c2s import language, opening
from server.c2s.phase import Phase
from server.c2s.sender import is_own
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.jid import JID, JIDMalformed
from server.stanza import KINDS, Stanza
from server.storage.errors import StorageUnavailable
from server.stream.header import NS_STREAM
from server.stream.parser import StreamParser

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.c2s.login import Login
    from server.element import Element
    from server.host import Host
    from server.net.tcp import Connection
    from server.sasl.attempt import Attempt
    from server.sasl.keys import Credentials
    from server.server import Server
    from server.session import Session


_END: Final = b"</stream:stream>"
_ERROR: Final = f"{{{NS_STREAM}}}error"


class ClientStream:
    """The server's side of one client's stream. Implements `session.Stream`."""

    __slots__ = (
        "_line",
        "_parser",
        "_waiting",
        "account_name",
        "asked_at",
        "attempt",
        "connection",
        "credentials",
        "failures",
        "host",
        "language",
        "last_heard",
        "leaving",
        "login",
        "phase",
        "said_hello",
        "server",
        "session",
        "state",
    )

    def __init__(self, server: Server, connection: Connection) -> None:
        self.server = server
        self.connection = connection
        self.host: Host | None = None
        self.phase = Phase.OPENING
        self.session: Session | None = None
        self.attempt: Attempt | None = None
        self.login: Login | None = None  # of SASL2, until a resource is bound
        self.account_name = ""  # the local part, once authenticated
        self.credentials: Credentials | None = None  # what was proved, until a resource is bound
        self.failures = 0
        self.said_hello = False
        self.language = ""  # of stanzas that name none, if the client's header did
        self.leaving = False  # the client has said goodbye
        self.last_heard = server.clock.now()
        self.asked_at = 0.0  # when a silent client was asked whether it is still there
        self.state: dict[str, object] | None = None  # of negotiation, dropped when bound
        self._parser = StreamParser(server.limits_before)
        self._waiting = False
        self._line: deque[Element] | None = None
        server.newcomers[self] = self.last_heard

    # -- from the network --

    def receive(self, data: bytes) -> None:
        """Take bytes from the connection."""
        parser = self._parser
        had_header = parser.header is not None
        elements = parser.feed(data)
        self.last_heard = self.server.clock.now()
        if not had_header and parser.header is not None:
            opening.opened(self, parser.header)
        if elements:
            self._take(elements)
        if (parser.error is not None or parser.closed) and parser is self._parser:
            self._ended(parser)

    def connection_lost(self, reason: str) -> None:
        """The connection is gone, without or after a goodbye."""
        self.server.newcomers.pop(self, None)
        self.server.streams.discard(self)
        self.phase = Phase.CLOSED
        self._line = None
        session, self.session = self.session, None
        if session is not None and session.stream is self:
            if self.leaving:
                self.server.sessions.end(session)
            else:
                self.server.sessions.lost(session)

    @property
    def is_congested(self) -> bool:
        """Whether the peer does not keep up with what it is sent."""
        return self.connection.congested

    def _take(self, elements: list[Element]) -> None:
        for index, element in enumerate(elements):
            if self._waiting:
                line = self._line
                if line is None:
                    line = self._line = deque()
                line.extend(elements[index:])
                return
            if self.phase is Phase.CLOSED:
                return
            try:
                pending = self._handle(element)
            except Exception as bug:  # noqa: BLE001 - the border of dispatch
                self._failed(bug)
                return
            if pending is not None:
                self._wait(pending)

    def _handle(self, element: Element) -> Awaitable[None] | None:
        if self.phase is Phase.BOUND:
            kind = KINDS.get(element.tag)
            if kind is not None:
                if self.server.is_stopping:
                    # Not taken and not counted: the client sends it again when it is back.
                    return None
                return self._stanza(kind, element)
        handler = self.server.c2s_table.get((self.phase, element.tag))
        if handler is not None:
            return handler(self, element)
        self._unexpected(element)
        return None

    def _unexpected(self, element: Element) -> None:
        if element.tag == _ERROR:
            # "Stream-level errors are unrecoverable" (RFC 6120 §4.9.1.1); nor are they answered.
            self.close()
        elif self.phase is Phase.BOUND:
            assert self.host is not None
            nonza = self.host.tables.nonzas.get(element.tag)
            if nonza is not None:
                assert self.session is not None
                nonza(self.session, element)
                return
            # "unsupported-stanza-type: The initiating entity has sent a first-level child of the
            # stream that is not supported by the server" (RFC 6120 §4.9.3.24)
            self.close(StreamError(StreamCondition.UNSUPPORTED_STANZA_TYPE))
        elif element.tag in KINDS:
            # "If the client sends a stanza before it has authenticated or bound …, the server MUST
            # close the stream with a <not-authorized/> stream error" (RFC 6120 §4.9.3.12, §7.1)
            self.close(StreamError(StreamCondition.NOT_AUTHORIZED, "log in and bind first"))
        else:
            self.close(
                StreamError(StreamCondition.UNSUPPORTED_STANZA_TYPE, "this is not expected now")
            )

    # -- stanzas --

    def _stanza(self, kind: str, element: Element) -> Awaitable[None] | None:
        session = self.session
        assert session is not None
        session.handled += 1
        self.server.figures.received[kind].value += 1
        sender = element.get("from")
        if sender is not None and not is_own(sender, session):
            # "the server MUST … return an <invalid-from/> stream error" (RFC 6120 §8.1.2.1)
            self.close(StreamError(StreamCondition.INVALID_FROM, f"you are {session.jid}"))
            return None
        if self.language:
            language.mark(element, self.language)
        text = element.get("to")
        if text is None:
            to = None
        else:
            try:
                to = JID.parse(text)
            except JIDMalformed as wrong:
                return self._malformed(kind, element, session, wrong)
        return session.host.submit(session, Stanza(kind, element, to, session.jid))

    def _malformed(
        self, kind: str, element: Element, session: Session, wrong: JIDMalformed
    ) -> Awaitable[None] | None:
        stanza = Stanza(kind, element, None, session.jid)
        return session.host.refuse(stanza, StanzaError(Condition.JID_MALFORMED, str(wrong)))

    # -- waiting --

    def _wait(self, work: Awaitable[None]) -> None:
        """Let a handler finish before the next element is looked at."""
        try:
            rest = eager.begin(work)
        except Exception as bug:  # noqa: BLE001 - the border of dispatch
            self._failed(bug)
            return
        if rest is None:
            return
        if self.session is not None:
            # What the handler has begun to write counts as handled only when it is on disk.
            self.session.sequence = self.server.journal.last
        self._waiting = True
        self.connection.pause()
        session = self.session
        task = self.server.tasks.spawn(self._finish(rest, session), "c2s")
        if session is not None:
            session.work = task

    async def _finish(self, rest: eager.Rest, session: Session | None) -> None:
        try:
            await rest
        except Exception as bug:  # noqa: BLE001 - the border of dispatch
            self._failed(bug)
        if session is not None:
            session.work = None
        self._waiting = False
        line, self._line = self._line, None
        if line and self.phase is not Phase.CLOSED:
            self._take(list(line))
        self.connection.resume()

    def _failed(self, bug: Exception) -> None:
        if isinstance(bug, StorageUnavailable):
            self.close(outages.end(bug))
            return
        number = self.server.crashed(None, bug)
        self.close(
            StreamError(
                StreamCondition.INTERNAL_SERVER_ERROR, f"an error of this server, number {number}"
            )
        )

    # -- opening and closing --

    def reopen(self, phase: Phase) -> None:
        """Expect a new stream header, after STARTTLS or SASL (RFC 6120 §5.4.3.3, §6.4.6)."""
        self.phase = phase
        self.said_hello = False
        # A new parser, so that what stood behind the last element is not read any further: after
        # STARTTLS "the receiving entity MUST discard" what it learnt in plain text (§5.4.3.3).
        authenticated = phase is Phase.REOPENING
        limits = self.server.limits_after if authenticated else self.server.limits_before
        self._parser = StreamParser(limits)
        self._line = None

    def authenticated(self) -> None:
        """Go on without a new header: SASL2 restarts no stream (XEP-0388 §2.6.1)."""
        self.phase = Phase.AUTHENTICATED
        self._parser.limits = self.server.limits_after

    @property
    def claimed(self) -> JID | None:
        """Who the client said it is, in the header of the stream (RFC 6120 §4.7.1)."""
        return opening.claimed(self._parser.header)

    def _ended(self, parser: StreamParser) -> None:
        if parser.error is not None:
            self.close(parser.error)
            return
        # "</stream:stream>": the client says goodbye (RFC 6120 §4.4).
        self.leaving = True
        if self._waiting:
            self.server.tasks.spawn(self._goodbye_later(), "c2s")
        else:
            self._goodbye()

    async def _goodbye_later(self) -> None:
        while self._waiting:
            await self.server.clock.sleep(0.01)
        self._goodbye()

    def _goodbye(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            self.server.sessions.end(session)
        self.close()

    def adopt(self, session: Session) -> None:
        """A session was bound or resumed: from now on stanzas are its."""
        self.server.figures.logins.value += 1
        self.server.throttle.succeeded(self.connection.peer, session.account.jid)
        self.session = session
        self.phase = Phase.BOUND
        self.credentials = None
        self.login = None
        self.server.newcomers.pop(self, None)
        self.server.streams.add(self)

    def write(self, data: bytes) -> None:
        """Queue bytes for the client."""
        self.connection.write(data)

    def close(self, error: StreamError | None = None) -> None:
        """End the stream, with an error or without (RFC 6120 §4.4, §4.9.1)."""
        if self.phase is Phase.CLOSED:
            return
        if error is not None:
            self.server.figures.stream_errors[error.condition].value += 1
        if self.connection.is_open:
            # "If the error is triggered by the initial stream header, the receiving entity MUST
            # still send the opening <stream> tag" (RFC 6120 §4.9.1.2)
            if not self.said_hello:
                opening.hello(self)
            self.connection.write(error.build() + _END if error is not None else _END)
        self.phase = Phase.CLOSED
        self._line = None
        session, self.session = self.session, None
        if session is not None and session.stream is self:
            if error is not None and error.condition in _FATAL:
                self.server.sessions.end(session)
            else:
                self.server.sessions.lost(session)
        # Whoever did something wrong may be in the middle of it, and shall read what it was.
        self.connection.close(hears_out=error is not None)


#: After these the session cannot be resumed: the client misbehaved or was replaced.
_FATAL: Final = frozenset(
    (
        StreamCondition.CONFLICT,
        StreamCondition.NOT_AUTHORIZED,
        StreamCondition.INVALID_FROM,
        StreamCondition.POLICY_VIOLATION,
        StreamCondition.UNDEFINED_CONDITION,
    )
)
