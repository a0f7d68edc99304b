"""Accounts of one host: what of them stays in memory while they are in use."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from server.messages.ledger import Ledger
from server.roster.roster import Roster
from server.router import Reach
from server.storage import accounts as store
from server.storage import messages, preferences
from server.storage import roster as roster_store
from server.storage.preferences import ArchivePreferences

if TYPE_CHECKING:
    from server.host import Host
    from server.jid import JID
    from server.sasl.keys import Credentials
    from server.session import Session

#: Accounts without sessions that are kept for the next login or message.
KEPT_OFFLINE: Final = 5000


class Account:
    """One account of this server: its roster, its sessions, its deliveries."""

    __slots__ = (
        "credentials",
        "draining",
        "host",
        "id",
        "jid",
        "last_active",
        "last_status",
        "ledger",
        "preferences",
        "reach",
        "roster",
        "sessions",
    )

    def __init__(self, host: Host, identifier: int, jid: JID, credentials: Credentials) -> None:
        self.host = host
        self.id = identifier
        self.jid = jid
        self.credentials = credentials
        self.sessions: dict[str, Session] = {}
        self.reach: Reach[Session] = Reach()
        self.roster: Roster
        self.ledger: Ledger
        self.preferences = ArchivePreferences()
        self.last_active = 0
        self.last_status = ""
        self.draining: Session | None = None

    def refresh_reach(self) -> None:
        """After a session came, changed its presence or went: who gets what from now on."""
        self.reach = Reach(
            (resource, session, None if session.presence is None else session.priority)
            for resource, session in self.sessions.items()
        )

    def may_see_presence(self, who: JID) -> bool:
        """Whether that entity is subscribed to the presence of this account, or is its owner."""
        bare = who.bare
        return bare == self.jid or self.roster.has_subscriber(bare)

    def archives(self, peer: JID) -> bool:
        """Whether messages with that peer go into the archive (XEP-0441)."""
        wants = self.preferences
        if wants.policy == "always" and not wants.never:
            return True
        bare = peer.bare
        if peer in wants.never or bare in wants.never:
            return False
        if peer in wants.always or bare in wants.always:
            return True
        return self.roster.knows(bare) if wants.policy == "roster" else wants.policy == "always"

    def acknowledged(self, mids: list[int]) -> None:
        """A device has these messages."""
        self.ledger.acknowledged(mids)
        self.save_ledger()

    def save_ledger(self) -> None:
        """Hand what changed in the ledger to the journal, which commits it with the next batch."""
        ledger = self.ledger
        if ledger.dirty or ledger.to_park or ledger.to_unpark:
            self.host.server.delivery.ledger_changed(self)


class Accounts:
    """The accounts of a host: those in memory, and the way to load the others."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._active: dict[JID, Account] = {}
        self._idle: OrderedDict[JID, Account] = OrderedDict()

    def online(self, bare: JID) -> Account | None:
        """The account if it has at least one session."""
        return self._active.get(bare)

    def known(self, bare: JID) -> Account | None:
        """The account if it is in memory."""
        return self._active.get(bare) or self._idle.get(bare)

    def active(self) -> list[Account]:
        """All accounts with sessions."""
        return list(self._active.values())

    async def load(self, bare: JID) -> Account | None:
        """The account, from memory or from the database; None if there is no such account."""
        account = self.known(bare)
        if account is not None:
            if bare in self._idle:
                self._idle.move_to_end(bare)
            return account
        database = self._host.server.database
        row = await store.find_account(database, bare)
        if row is None:
            return None
        account = Account(self._host, row.id, bare, row.credentials)
        account.last_active = row.last_active
        account.last_status = row.last_status
        account.roster = Roster.restore(await roster_store.load(database, row.id))
        default = self._host.server.config.archive.default
        account.preferences = await preferences.load(database, row.id, default)
        parked = await messages.parked(database, row.id)
        account.ledger = Ledger(row.delivered, parked)
        raced = self.known(bare)
        if raced is not None:
            return raced
        self._rest(account)
        return account

    def attach(self, account: Account, session: Session) -> None:
        """The account has one more session."""
        self._idle.pop(account.jid, None)
        self._active[account.jid] = account
        account.sessions[session.jid.resource] = session
        account.refresh_reach()

    def detach(self, account: Account, session: Session) -> None:
        """The session is gone for good."""
        if account.sessions.get(session.jid.resource) is session:
            del account.sessions[session.jid.resource]
        account.refresh_reach()
        if not account.sessions and self._active.pop(account.jid, None) is not None:
            account.ledger.deserted()
            self._rest(account)

    def _rest(self, account: Account) -> None:
        """Keep an account without sessions for a while."""
        self._idle[account.jid] = account
        while len(self._idle) > KEPT_OFFLINE:
            self._idle.popitem(last=False)

    def forget(self, account: Account) -> None:
        """The account was deleted, or must be read again."""
        self._active.pop(account.jid, None)
        self._idle.pop(account.jid, None)
