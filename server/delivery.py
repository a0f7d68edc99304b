"""The way of a message into an account: kept, handed out, or waiting (RFC 6121 §8.5).

A message is stored once; the archives of both ends and the pending state point to it. Delivery to
sessions does not wait for the disk, the acknowledgement to the sender does (`Session.sequence`).
What no session takes stays pending in the database, where `drain.py` finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.errors import Condition, StanzaError
from server.messages.rules import ARCHIVE, PENDING, disposition
from server.messages.waiting import WaitingRoom
from server.router import Verdict as Route
from server.router import route_message
from server.storage import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.account import Account
    from server.jid import JID
    from server.server import Server
    from server.session import Session
    from server.stanza import Stanza

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
            if not self._waiting_room.admits(account, len(stanza.content)):
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
