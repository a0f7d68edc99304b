"""The way of a message into an account: kept, handed out, or waiting (RFC 6121 §8.5).

A message is stored once; the archives of both ends and the pending state point to it. Delivery to
sessions does not wait for the disk, the acknowledgement to the sender does (`Session.sequence`).
What no session takes stays pending in the database and is read again when a session becomes
available; that session's newer messages wait (`Session.held`) so that order is kept.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from server import message_id, outages
from server.errors import Condition, StanzaError
from server.messages.rules import ARCHIVE, PENDING, disposition
from server.messages.tombstone import is_tombstone
from server.messages.waiting import UNKNOWN, WaitingRoom
from server.router import Verdict as Route
from server.router import route_message
from server.session import Held
from server.storage import messages
from server.storage.errors import StorageError, StorageUnavailable
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from server.account import Account
    from server.jid import JID
    from server.server import Server
    from server.session import Session
    from server.stanza import Stanza

#: Pending messages are read in portions of that many.
PORTION: Final = 200
#: Seconds until the next attempt when they cannot be read.
READ_AGAIN_AFTER: Final = 1.0
#: After so many bytes of them we look whether the client keeps up.
PART: Final = 256 << 10

_UNAVAILABLE = "nobody is there to take this message"
_QUEUE_FULL = "too many messages wait for this address already"
_FULL = "this server cannot store messages at the moment; try again later"


class Delivery:
    """Stores and delivers the messages of all hosts of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._journal = server.journal
        self._ids = server.ids
        self._utcnow = server.clock.utcnow
        self._waiting_room = WaitingRoom(server)
        #: Half of what may be unacknowledged before more is handed out, and half then.
        self._portion = max(1, min(PORTION, server.config.stream_management.max_unacked // 2))
        self._stored = server.figures.stored

    # -- storing --

    def refuses(self, stanza: Stanza) -> StanzaError | None:
        """Why a message that must be kept cannot be taken now."""
        if stanza.disposition < 0:
            stanza.disposition = disposition(stanza)
        journal = self._journal
        if stanza.disposition and (journal.failing or journal.full):
            return StanzaError(Condition.RESOURCE_CONSTRAINT, _FULL)
        return None

    def record_sent(self, session: Session, stanza: Stanza, to: JID) -> None:
        """Put a message into its sender's archive."""
        account = session.account
        # A message to oneself is in the archive once, when it arrives.
        if to.bare != account.jid and stanza.disposition & ARCHIVE and account.archives(to):
            self._store(account, stanza, to, messages.VISIBLE | messages.SENT, session)
            account.ledger.sent(stanza.mid)

    def _store(
        self, account: Account, stanza: Stanza, peer: JID, flags: int, session: Session | None
    ) -> None:
        journal = self._journal
        mid = stanza.mid
        if not mid:
            mid = stanza.mid = self._ids.next(int(self._utcnow() * 1000))
            journal.append(messages.MESSAGE, (mid, stanza.wire(stanza.to)), stanza)
            self._stored.value += 1
        sequence = journal.append(
            messages.ARCHIVE, (account.id, mid, peer.bare, peer.resource, flags), stanza
        )
        if session is not None:
            session.sequence = sequence
        stanza.stamp = b"<stanza-id xmlns='urn:xmpp:sid:0' id='%016x' by='%s'/>" % (
            mid, account.jid.wire,
        )  # fmt: skip

    # -- delivering --

    def deliver(
        self, account: Account, stanza: Stanza, session: Session | None
    ) -> StanzaError | None:
        """Hand a message to whom it is for; an error if it can neither be delivered nor kept.

        `session` is the local session that sent it.
        """
        to = stanza.to
        assert to is not None
        targets = route_message(stanza.type, to, account.reach)
        if stanza.disposition < 0:
            stanza.disposition = disposition(stanza)
        kept = stanza.disposition
        if isinstance(targets, Route):
            if targets is Route.IGNORE:
                return None
            if targets is not Route.STORE:
                return StanzaError(Condition.SERVICE_UNAVAILABLE, _UNAVAILABLE)
            if not kept & PENDING:
                return None
            # "If not (e.g., because the recipient's offline message queue is full), the server
            # returns a <service-unavailable/> error to the sender" (XEP-0160 §2)
            if not self._waiting_room.admits(account):
                return StanzaError(Condition.SERVICE_UNAVAILABLE, _QUEUE_FULL)
            targets = ()
        stanza.targets = targets
        if kept:
            self._keep(account, stanza, targets, kept, session)
        if targets:
            wire = stanza.wire(to, stanza.stamp)
            mid = stanza.mid if kept & PENDING else 0
            for target in targets:
                target.deliver(wire, mid)
        return None

    def _keep(
        self, account: Account, stanza: Stanza, targets: Sequence[Session], kept: int,
        session: Session | None,
    ) -> None:  # fmt: skip
        flags = 0
        if kept & ARCHIVE and account.archives(stanza.from_):
            flags = messages.VISIBLE
            if stanza.from_.bare == account.jid:
                flags |= messages.SENT
        if kept & PENDING:
            flags |= messages.DELIVERABLE
        if not flags:
            return
        self._store(account, stanza, stanza.from_, flags, session)
        if kept & PENDING:
            account.ledger.stored(stanza.mid, len(targets), bool(account.sessions))
            account.save_ledger()

    def ledger_changed(self, account: Account) -> None:
        """Save what changed in the delivery state, with the next commit."""
        ledger = account.ledger
        if ledger.dirty:
            messages.save_delivered(self._server.database, account.id, ledger.cursor)
        for mid in ledger.to_park:
            messages.park(self._server.database, account.id, mid)
        for mid in ledger.to_unpark:
            messages.unpark(self._server.database, account.id, mid)
        ledger.saved()

    # -- what waited --

    def became_available(self, session: Session) -> None:
        """Give a session with a non-negative priority what is pending for its account."""
        account = session.account
        if session.held is None and account.ledger.has_pending and account.draining is None:
            account.draining = session
            session.held = Held()
            self._server.tasks.spawn(self._drain(session), "drain")

    async def _drain(self, session: Session) -> None:
        account = session.account
        try:
            while not await self._could_read(session):
                await self._server.clock.sleep(READ_AGAIN_AFTER)
        finally:
            account.draining = None
            account.waiting = UNKNOWN
            held, session.held = session.held or (), None
            if self._gone(session):
                # What it held was returned (`orphaned`); what it did not get is for another one.
                self._go_on(account)
            else:
                for wire, mid in held:
                    session.send(wire, mid)
            account.save_ledger()

    async def _could_read(self, session: Session) -> bool:
        """Read and hand out what is pending; False if the database is away."""
        try:
            await self._read_pending(session)
        except StorageUnavailable as outage:
            outages.note(outage)
            return self._gone(session)
        return True

    async def _read_pending(self, session: Session) -> None:
        ledger = session.account.ledger
        # What cannot be written can still be read.
        with suppress(StorageError):
            await self._server.database.journal.sync()
        # What is parked after the cursor comes in its turn.
        await self._read_parked(session, [mid for mid in ledger.parked if mid <= ledger.cursor])
        await self._read_backlog(session)
        # What another device left behind meanwhile.
        await self._read_parked(session, [mid for mid in ledger.parked if ledger.is_due(mid)])

    async def _read_parked(self, session: Session, parked: list[int]) -> None:
        parked.sort()
        for start in range(0, len(parked), self._portion):
            if self._gone(session):
                return
            portion = parked[start : start + self._portion]
            await self._hand_over(session, await messages.messages(self._server.database, portion))

    async def _read_backlog(self, session: Session) -> None:
        account = session.account
        after, most = account.ledger.cursor, self._portion
        count = most
        while count == most and not self._gone(session):
            rows = await messages.pending(self._server.database, account.id, after, most)
            await self._hand_over(session, rows)
            count = len(rows)
            if rows:
                after = rows[-1][0]
        if not self._gone(session):
            account.ledger.caught_up()

    async def _hand_over(self, session: Session, rows: Sequence[tuple[int, bytes]]) -> None:
        """Send what was read, no faster than the client takes it, as long as it is there."""
        for part in _parts(rows):
            if self._gone(session):
                return
            self._send_pending(session, part)
            session.account.ledger.read_until(part[-1][0])
            await self._server.room_to_write(session)

    @staticmethod
    def _gone(session: Session) -> bool:
        return session.account.sessions.get(session.jid.resource) is not session

    def _send_pending(self, session: Session, rows: Sequence[tuple[int, bytes]]) -> None:
        ledger, by = session.account.ledger, session.account.jid
        server_jid = session.host.jid.wire
        outbox = session.outbox
        arrived = []
        for mid, wire in rows:
            if not ledger.is_due(mid):
                continue
            if is_tombstone(wire):
                arrived.append(mid)  # taken back: due to nobody
                continue
            ledger.taken(mid)
            late = delayed(wire, mid, by.wire, server_jid)
            if outbox is None and session.stream is not None:
                session.stream.write(late)
                arrived.append(mid)
            else:
                session.send(late, mid)
        if arrived:
            ledger.acknowledged(arrived)

    def orphaned(self, session: Session) -> None:
        """A session is gone: what it did not acknowledge goes to another one or back to pending.

        "the server … SHOULD … deliver" unacknowledged stanzas elsewhere or store them (XEP-0198
        §5); with their original time, and without those that another session has.
        """
        account, ledger = session.account, session.account.ledger
        waiting = list(session.outbox.queue) if session.outbox is not None else []
        waiting += session.held or []
        lost = [mid for _, mid in waiting if mid and ledger.dropped(mid)]
        if account.draining is session:
            # Another device goes on where this one ended (`_drain`), with all in order.
            ledger.returned(lost)
        elif lost and account.reach.audience and account.draining is None:
            ledger.returned(lost)
            self._go_on(account)
        else:
            ledger.orphaned(lost, bool(account.sessions))
        account.save_ledger()

    def _go_on(self, account: Account) -> None:
        """Give what is pending to a device that is there, best to one that is connected."""
        audience = account.reach.audience
        connected = (session for session in audience if session.stream is not None)
        for session in (*connected, *audience)[:1]:
            self.became_available(session)


def _parts(rows: Sequence[tuple[int, bytes]]) -> Iterator[Sequence[tuple[int, bytes]]]:
    """The rows in their order, in parts of about `PART` bytes."""
    start = size = 0
    for place, (_, wire) in enumerate(rows):
        size += len(wire)
        if size > PART:
            yield rows[start : place + 1]
            start, size = place + 1, 0
    if start < len(rows):
        yield rows[start:]


def delayed(wire: bytes, mid: int, by: bytes, host: bytes) -> bytes:
    """A stored message on its late way out: with its identifier and its time (XEP-0160 §3)."""
    return (
        b"%s<stanza-id xmlns='urn:xmpp:sid:0' id='%016x' by='%s'/>"
        b"<delay xmlns='urn:xmpp:delay' from='%s' stamp='%s'/></message>"
    ) % (wire[: -len(b"</message>")], mid, by, host, stamp(message_id.to_ms(mid)))
