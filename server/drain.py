"""What waited for a device is handed out, in order, when the device is there (XEP-0160 §3).

That is first of all what is pending for the account; one device gets it, and no device twice. A
client that is behind (`messages/progress.py`) also gets what only others have had since it was here
last. It is read from the database while the session's newer messages wait (`Session.held`), so that
order is kept.

One session at a time takes up what is pending (`Account.draining`), and with it the reading mark of
the ledger. Who is only behind does not wait for it: a slow device holds up no other.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from server import delay, message_id, outages
from server.messages.progress import is_for
from server.messages.shunned import is_from, shunned
from server.messages.tombstone import is_tombstone
from server.messages.waiting import UNKNOWN
from server.session import Held
from server.storage import messages
from server.storage.errors import StorageError, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from server.account import Account
    from server.jid import JID
    from server.server import Server
    from server.session import Session

#: Messages are read in portions of that many.
PORTION: Final = 200
#: Seconds until the next attempt when they cannot be read.
READ_AGAIN_AFTER: Final = 1.0
#: After so many bytes of them we look whether the client keeps up.
PART: Final = 256 << 10

#: A stored message: identifier, stanza, flags of its archive row.
Row = tuple[int, bytes, int]
#: What a client that is behind gets: what was due once, and is in the archive for all to see.
_KEPT: Final = messages.VISIBLE | messages.DELIVERABLE


class Drain:
    """Hands out what waited, to all sessions of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pending_for = float(server.config.limits.pending_for)
        #: Half of what may be unacknowledged before more is handed out, and half then.
        self._portion = max(1, min(PORTION, server.config.stream_management.max_unacked // 2))

    def became_available(self, session: Session) -> None:
        """Give a session with a non-negative priority what waits for it."""
        account, progress = session.account, session.progress
        if session.held is not None:
            session.held.is_to_read = True  # others may have got something while it was away
            return
        takes_pending = account.draining is None and account.ledger.has_pending
        if takes_pending:
            account.draining = session
        if takes_pending or (progress is not None and progress.is_behind):
            session.held = Held()
            self._server.tasks.spawn(self._drain(session), "drain")

    def orphaned(self, session: Session) -> None:
        """A session is gone: what it did not acknowledge goes to another one or back to pending.

        "the server … SHOULD … deliver" unacknowledged stanzas elsewhere or store them (XEP-0198
        §5); with their original time, and without those that another session has.
        """
        account, ledger = session.account, session.account.ledger
        lost = [mid for mid in session.unconfirmed() if ledger.dropped(mid)]
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
        """Give what is pending to a free device that is there, best to one that is connected."""
        if account.draining is not None or not account.ledger.has_pending:
            return
        free = [session for session in account.reach.audience if session.held is None]
        connected = (session for session in free if session.stream is not None)
        for session in (*connected, *free)[:1]:
            self.became_available(session)

    async def _drain(self, session: Session) -> None:
        account = session.account
        try:
            while not await self._could_read(session):
                await self._server.clock.sleep(READ_AGAIN_AFTER)
        finally:
            took_pending = account.draining is session
            if took_pending:
                account.draining = None
            account.waiting = UNKNOWN
            held, session.held = session.held or (), None
            if _is_gone(session) or not took_pending:
                # What a session that is gone held was returned (`orphaned`); what it did not get is
                # for another one, which may have been busy.
                self._go_on(account)
            for wire, mid in () if _is_gone(session) else held:
                if account.shuns is None or not is_from(wire, account.shuns):
                    session.send(wire, mid)
                elif mid:
                    account.acknowledged([mid])  # due to nobody
            account.save_ledger()

    # -- reading --

    async def _could_read(self, session: Session) -> bool:
        """Read and hand out what waits; False if the database is away."""
        held, progress = session.held, session.progress
        assert held is not None
        try:
            while held.is_to_read:
                held.is_to_read = False
                await self._read(session)
        except StorageUnavailable as outage:
            outages.note(outage)
            held.is_to_read = True
            return _is_gone(session)
        if progress is not None and not _is_gone(session) and not session.unconfirmed():
            progress.has_all()
        return True

    async def _read(self, session: Session) -> None:
        account, progress = session.account, session.progress
        # What cannot be written can still be read.
        with suppress(StorageError):
            await self._server.database.journal.sync()
        if account.draining is session:
            await self._read_pending(session)
        elif progress is not None:
            await self._read_from(session, progress.start(self._pending_for))

    async def _read_pending(self, session: Session) -> None:
        ledger, progress = session.account.ledger, session.progress
        start = ledger.cursor
        if progress is not None and progress.is_behind:
            start = min(start, progress.start(self._pending_for))
        # What is parked after the start comes in its turn.
        await self._read_parked(session, [mid for mid in ledger.parked if mid <= start])
        await self._read_from(session, start)
        # What other devices left behind meanwhile.
        seen: set[int] = set()
        while left := [mid for mid in ledger.parked if ledger.is_due(mid) and mid not in seen]:
            seen.update(left)
            await self._read_parked(session, left)

    async def _read_parked(self, session: Session, parked: list[int]) -> None:
        parked.sort()
        for start in range(0, len(parked), self._portion):
            if _is_gone(session):
                return
            portion = parked[start : start + self._portion]
            await self._hand_over(session, await messages.messages(self._server.database, portion))

    async def _read_from(self, session: Session, after: int) -> None:
        account, most = session.account, self._portion
        count = most
        while count == most and not _is_gone(session):
            rows = await messages.pending(self._server.database, account.id, after, most)
            await self._hand_over(session, rows)
            count = len(rows)
            if rows:
                after = rows[-1][0]
        if account.draining is session and not _is_gone(session):
            account.ledger.caught_up()

    # -- handing out --

    async def _hand_over(self, session: Session, rows: Sequence[Row]) -> None:
        """Send what was read, no faster than the client takes it, as long as it is there."""
        for part in _parts(rows):
            if _is_gone(session):
                return
            self._send(session, part)
            if session.account.draining is session:
                session.account.ledger.read_until(part[-1][0])
            await self._server.room_to_write(session)

    def _send(self, session: Session, rows: Sequence[Row]) -> None:
        account, ledger = session.account, session.account.ledger
        missed = self._missed(session, rows)
        unwelcome = shunned(account.shuns, rows) if account.shuns is not None else ()
        written, taken_back = [], []
        for mid, wire, _ in rows:
            if ledger.is_waiting(mid):
                if is_tombstone(wire) or mid in unwelcome:
                    taken_back.append(mid)  # due to nobody
                    continue
                ledger.taken(mid)
            elif mid not in missed or mid in unwelcome:
                continue
            elif mid in ledger.open:
                ledger.taken(mid)  # others have got it, and have not said so yet
            late = delayed(wire, mid, account.jid.wire, session.host.jid)
            if session.outbox is None and session.stream is not None:
                session.stream.write(late)
                written.append(mid)
            else:
                session.send(late, mid)
        if taken_back:
            account.acknowledged(taken_back)
        if written:
            session.arrived(written)

    @staticmethod
    def _missed(session: Session, rows: Sequence[Row]) -> set[int]:
        """Which of the messages are due to this client, whoever else has had them."""
        progress = session.progress
        if progress is None or progress.reads_archive:
            return set()
        bare, full = session.account.jid.wire, session.jid.wire
        missed = {
            mid for mid, wire, flags in rows
            if progress.lacks(mid) and flags & _KEPT == _KEPT
            and is_for(wire, bare, full) and not is_tombstone(wire)
        }  # fmt: skip
        return missed.difference(session.unconfirmed()) if missed else missed


def _is_gone(session: Session) -> bool:
    return session.account.sessions.get(session.jid.resource) is not session


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in their order, in parts of about `PART` bytes."""
    start = size = 0
    for place, (_, wire, _) in enumerate(rows):
        size += len(wire)
        if size > PART:
            yield rows[start : place + 1]
            start, size = place + 1, 0
    if start < len(rows):
        yield rows[start:]


def delayed(wire: bytes, mid: int, by: bytes, host: JID) -> bytes:
    """A stored message on its late way out: with its identifier and its time (XEP-0160 §3)."""
    return b"%s<stanza-id xmlns='urn:xmpp:sid:0' id='%016x' by='%s'/>%s</message>" % (
        wire[: -len(b"</message>")], mid, by, delay.build(message_id.to_ms(mid), host),
    )  # fmt: skip
