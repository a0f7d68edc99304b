"""All sessions of a server: bound, lost, resumed, ended (RFC 6120 §7, XEP-0198 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server import log
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.jid import JID
from server.moments import SessionBound, SessionEnded
from server.session import Session
from server.stanza import Stanza, qualify
from server.storage import accounts as store
from server.stream.management import MOST_BYTES, WRAP
from server.stream.reader import parse

if TYPE_CHECKING:
    from server.account import Account
    from server.host import Host
    from server.server import Server
    from server.session import Stream
    from server.storage.clients import ClientRow

_log = log.get(__name__)

#: How many ended sessions are remembered, to tell a client that resumes too late what was handled.
REMEMBERED: Final = 2000


class Sessions:
    """Binds, keeps and ends sessions."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._resumable: dict[str, Session] = {}
        self._ended: dict[str, tuple[JID, int]] = {}
        self._departed: dict[int, Account] = {}
        self.count = 0

    # -- coming --

    def bind(
        self, account: Account, jid: JID, stream: Stream, client: str = "",
        known: ClientRow | None = None,
    ) -> Session:  # fmt: skip
        """Bind a resource; a session that has it already gives way. Raises StanzaError.

        `client` is the name of the program that has logged in, if it has one, and `known` what was
        known of it before.

        "the server … MUST … terminate the … stream of the currently connected client" is the
        choice of RFC 6120 §7.7.2.2 that suits a device which comes back before its old
        connection was missed.
        """
        host, progress = account.host, None
        if account.is_disabled:
            # The gate is `c2s/admission.py`; this is for a way that does not lead there.
            raise StanzaError(Condition.NOT_ALLOWED, "this account is disabled")
        if client:
            # "the server SHOULD terminate any earlier sessions from the same client" (XEP-0386
            # §3.2), without an error: it is nobody's rival. COMPAT: Conversations would take a
            # conflict for a second installation and give itself a new identifier.
            for earlier in [each for each in account.sessions.values() if each.client == client]:
                self.end(earlier)
                progress = earlier.progress  # newer than `known` may be
        rival = account.sessions.get(jid.resource)
        if rival is not None:
            self.end(rival, StreamError(StreamCondition.CONFLICT, "replaced by a new connection"))
        elif len(account.sessions) >= self._server.config.limits.max_resources_per_account:
            raise StanzaError(
                Condition.RESOURCE_CONSTRAINT, "this account has too many devices online"
            )
        session = Session(account, jid, stream)
        session.progress = progress
        if client:
            session.belongs_to(client, known)
        host.accounts.attach(account, session)
        account.last_login = int(self._server.clock.utcnow() * 1000)
        self.count += 1
        host.moment(SessionBound(session))
        return session

    def make_resumable(self, session: Session) -> None:
        """Give the session the name by which it can be resumed."""
        session.resume_id = self._server.entropy.token(16)
        self._resumable[session.resume_id] = session

    def resumable(self, name: str) -> Session | None:
        """The session of that name, if it still waits (or has not noticed that it should)."""
        return self._resumable.get(name)

    def ended_at(self, name: str, host: Host, local: str) -> int | None:
        """How many stanzas an ended session of this account had handled (XEP-0198 §5)."""
        found = self._ended.get(name)
        if found is None or found[0].domain != host.domain or found[0].local != local:
            return None
        return found[1]

    def take(self, session: Session) -> None:
        """Part a session from whatever connection it still has; somebody resumes it."""
        old, session.stream = session.stream, None
        held, session.filter, session.active = session.filter, None, True
        if held is not None:
            # A resumed client counts as active (XEP-0352 §5); what was held goes to its queue.
            held.flush()
        if old is not None:
            old.close(StreamError(StreamCondition.CONFLICT, "resumed by a new connection"))
        self._server.sweep.hibernating.pop(session, None)

    def resume(self, session: Session, stream: Stream) -> None:
        """The session has a connection again."""
        sweep = self._server.sweep
        sweep.hibernating.pop(session, None)
        session.stream = stream
        if session.outbox is not None and session.outbox.queue:
            sweep.unconfirmed.add(session)

    # -- going --

    def lost(self, session: Session) -> None:
        """The connection is gone without a goodbye: wait for the client, if it may resume."""
        if not self._is_current(session):
            return
        stream, session.stream = session.stream, None
        if stream is not None:
            stream.close()
        if session.resume_id and not self._server.is_stopping:
            self._server.sweep.hibernating[session] = self._server.clock.now()
        else:
            self.end(session)

    def overflow(self, session: Session) -> None:
        """More is unacknowledged than is allowed: what is stored goes back to pending."""
        outbox, held = session.outbox, session.held
        is_full = outbox is not None and (
            len(outbox.queue) > self._server.sweep.max_unacked or outbox.size > MOST_BYTES
        )
        if not is_full and (held is None or held.size <= MOST_BYTES):
            return
        error = StreamError(
            StreamCondition.RESOURCE_CONSTRAINT, "too many stanzas were not acknowledged"
        )
        self.end(session, error)

    def end(self, session: Session, error: StreamError | None = None) -> None:
        """The session is over; its stream, if it has one, is closed with `error`."""
        if not self._is_current(session):
            return
        stream, session.stream = session.stream, None
        if stream is not None:
            stream.close(error)
        server, account = self._server, session.account
        self._forget(session)
        self.count -= 1
        if session.presence is not None or session.directed:
            session.host.presence.ended(session)
        session.host.accounts.detach(account, session)
        server.drain.orphaned(session)
        self._bounce_requests(session)
        server.queries.gone(session.jid)
        if not account.sessions:
            account.last_active = int(server.clock.utcnow() * 1000)
            self._departed[account.id] = account
        session.host.moment(SessionEnded(session))

    def end_account(self, account: Account, error: StreamError) -> None:
        """End every session of an account."""
        for session in list(account.sessions.values()):
            self.end(session, error)

    def save_departures(self) -> None:
        """Note when accounts were last online; together, as each commit has its price."""
        for account in self._departed.values():
            store.save_last_active(
                self._server.database, account.id, account.last_active, account.last_status,
                account.last_login,
            )  # fmt: skip
        self._departed.clear()

    @staticmethod
    def _is_current(session: Session) -> bool:
        return session.account.sessions.get(session.jid.resource) is session

    def _forget(self, session: Session) -> None:
        sweep = self._server.sweep
        sweep.unconfirmed.discard(session)
        sweep.overflowed.discard(session)
        sweep.hibernating.pop(session, None)
        if session.resume_id:
            self._resumable.pop(session.resume_id, None)
            while len(self._ended) >= REMEMBERED:
                del self._ended[next(iter(self._ended))]
            # Only what is on disk was handled; with something still on its way we say nothing.
            if session.work is None and session.sequence <= self._server.journal.durable:
                self._ended[session.resume_id] = session.jid, session.handled % WRAP

    def _bounce_requests(self, session: Session) -> None:
        """Requests the client never saw are answered in its stead (RFC 6120 §8.2.3)."""
        outbox = session.outbox
        if outbox is None:
            return
        for wire, _ in outbox.queue:
            if wire.startswith(b"<iq ") and (b"type='get'" in wire or b"type='set'" in wire):
                element = parse(qualify(wire))
                sender = element.get("from")
                if sender is None or element.get("type") not in ("get", "set"):
                    continue
                stanza = Stanza("iq", element, session.jid, JID.parse(sender))
                if stanza.from_ in (session.account.jid, session.host.jid):
                    continue
                session.host.refuse(
                    stanza, StanzaError(Condition.RECIPIENT_UNAVAILABLE, "the device has gone")
                )
