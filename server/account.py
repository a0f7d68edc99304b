"""Accounts of one host: what of them stays in memory while they are in use."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from server.messages.ledger import Ledger
from server.messages.waiting import UNKNOWN
from server.roster.roster import Roster
from server.router import Reach
from server.storage import accounts as store
from server.storage import messages, preferences
from server.storage import roster as roster_store
from server.storage.errors import StorageError
from server.storage.preferences import ArchivePreferences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from server.extension import Guard, Load
    from server.host import Host
    from server.jid import JID
    from server.sasl.keys import Credentials
    from server.session import Session

#: Accounts without sessions that are kept for the next login or message.
KEPT_OFFLINE: Final = 5000

#: What many accounts have nothing of: only where there is something it is read.
_CONTACTS: Final = "roster_item"
_REQUESTS: Final = "subscription_request"
_PREFERENCES: Final = "archive_preference"
_PARKED: Final = "pending"

UNGUARDED: Final[Mapping[str, Guard]] = MappingProxyType({})


class Account:
    """One account of this server: its roster, its sessions, its deliveries."""

    __slots__ = (
        "credentials",
        "draining",
        "guards",
        "host",
        "id",
        "is_disabled",
        "jid",
        "last_active",
        "last_login",
        "last_status",
        "ledger",
        "preferences",
        "reach",
        "roster",
        "sessions",
        "shuns",
        "waiting",
        "waiting_bytes",
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
        #: What its owner wants kept away, by the name of the extension that does it.
        self.guards: Mapping[str, Guard] = UNGUARDED
        #: Whose stored messages are due no more, if the owner wants to hear nothing of somebody.
        self.shuns: Callable[[JID], bool] | None = None
        self.is_disabled = False  # nobody may log in (XEP-0133 §4.3)
        self.last_active = 0
        self.last_login = 0  # unix milliseconds
        self.last_status = ""
        self.draining: Session | None = None
        self.waiting = UNKNOWN  # messages that no device was there to take, if counted
        self.waiting_bytes = 0  # of these

    def refresh_reach(self) -> None:
        """After a session came, changed its presence or went: who gets what from now on."""
        self.reach = Reach(
            (resource, session, None if session.presence is None else session.priority)
            for resource, session in self.sessions.items()
        )

    def guard(self, name: str, guard: Guard | None) -> None:
        """From now on this guard sees all stanzas from and to the account; None takes it away."""
        others = {key: each for key, each in self.guards.items() if key != name}
        self.guards = others if guard is None else {**others, name: guard}

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
        """A device has these messages; negative: it has fetched them from the archive."""
        if min(mids) < 0:
            mids = sorted(map(abs, mids))
            self.ledger.acknowledged(mids)
            if self.ledger.is_ahead:
                self.host.server.fetched.note(self)
        else:
            self.ledger.acknowledged(mids)
        self.save_ledger()

    def save_ledger(self) -> None:
        """Hand what changed in the ledger to the journal, which commits it with the next batch."""
        ledger = self.ledger
        if ledger.dirty or ledger.to_park or ledger.to_unpark:
            self.host.server.delivery.ledger_changed(self)


def _tables(loads: Sequence[Load]) -> tuple[str, ...]:
    return (_CONTACTS, _REQUESTS, _PREFERENCES, _PARKED, *(each.table for each in loads))


class Loading:
    """An account that is being read, and who else waits for it."""

    __slots__ = ("is_outdated", "waiting")

    def __init__(self) -> None:
        self.is_outdated = False
        self.waiting: list[asyncio.Future[bool]] = []

    def end(self, is_missing: bool) -> None:
        """Let the others look, or tell them that there is no such account."""
        for turn in self.waiting:
            if not turn.done():
                turn.set_result(is_missing)


class Accounts:
    """The accounts of a host: those in memory, and the way to load the others."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._active: dict[JID, Account] = {}
        self._idle: OrderedDict[JID, Account] = OrderedDict()
        self._loading: dict[JID, Loading] = {}
        #: Accounts that left memory, and the last number of the journal at that time.
        self._left: dict[JID, int] = {}

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
        while (account := self.known(bare)) is None:
            running = self._loading.get(bare)
            if running is None:
                return await self._load(bare)
            # One reading is enough. When it has ended, look again: what it brought may be
            # outdated by now.
            turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            running.waiting.append(turn)
            if await turn:
                return None
        if bare in self._idle:
            self._idle.move_to_end(bare)
        return account

    async def _load(self, bare: JID) -> Account | None:
        running = self._loading[bare] = Loading()
        is_missing = False
        try:
            await self._settled(bare)
            account = await self._read(bare)
            while running.is_outdated:
                running.is_outdated = False
                account = await self._read(bare)
            is_missing = account is None
            if account is not None:
                self._rest(account)
            return account
        finally:
            del self._loading[bare]
            running.end(is_missing)

    async def _settled(self, bare: JID) -> None:
        """Wait until the last words of an account that has just left memory are on disk."""
        journal = self._host.server.journal
        if self._left.pop(bare, 0) > journal.durable:
            # What cannot be written can still be read.
            with suppress(StorageError):
                await journal.sync()

    async def _read(self, bare: JID) -> Account | None:
        database = self._host.server.database
        loads = self._host.tables.loads
        row = await store.find_account(database, bare, _tables(loads))
        if row is None:
            return None
        account = Account(self._host, row.id, bare, row.credentials)
        account.is_disabled = bool(row.disabled)
        account.last_active = row.last_active
        account.last_login = row.last_login
        account.last_status = row.last_status
        account.roster = Roster.restore(
            await roster_store.load(
                database, row.id, versions=(row.roster_version, row.roster_floor),
                has_items=_CONTACTS in row.kept, has_requests=_REQUESTS in row.kept,
            )
        )  # fmt: skip
        account.preferences = ArchivePreferences(self._host.server.config.archive.default)
        if _PREFERENCES in row.kept:
            account.preferences = await preferences.load(
                database, row.id, account.preferences.policy
            )
        parked = await messages.parked(database, row.id) if _PARKED in row.kept else ()
        account.ledger = Ledger(row.delivered, parked)
        for each in loads:
            if each.table in row.kept:
                await each.read(account)
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
            account.waiting = UNKNOWN
            self._rest(account)

    def _rest(self, account: Account) -> None:
        """Keep an account without sessions for a while."""
        self._idle[account.jid] = account
        while len(self._idle) > KEPT_OFFLINE:
            self._leave(self._idle.popitem(last=False)[0])

    def _leave(self, bare: JID) -> None:
        """An account is no longer in memory: note what of it may not be on disk yet."""
        journal = self._host.server.journal
        if journal.last > journal.durable:
            if len(self._left) >= KEPT_OFFLINE:
                written = [jid for jid, last in self._left.items() if last <= journal.durable]
                for jid in written:
                    del self._left[jid]
            self._left[bare] = journal.last

    def forget(self, account: Account) -> None:
        """The account was deleted, or must be read again."""
        self._active.pop(account.jid, None)
        self._idle.pop(account.jid, None)
        self._leave(account.jid)
        self.changed(account.jid)

    def changed(self, bare: JID) -> None:
        """The account was changed in the database: who is reading it must read it again."""
        running = self._loading.get(bare)
        if running is not None:
            running.is_outdated = True
