"""Rosters for their owners: read, changed, pushed to every device (RFC 6121 §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from server.extension import IQ, At, Extension, Request, StreamFeature, Wire
from server.jid import JID
from server.message_id import decode
from server.roster import changes, payloads, versioning
from server.roster.errors import NotYourRoster
from server.roster.pushes import push, push_to
from server.roster.saving import Change, next_version, save
from server.roster.versioning import Sync
from server.storage import roster as store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from server.account import Account
    from server.host import Host
    from server.roster.item import RosterItem
    from server.session import Session


class RosterService(Extension):
    """Answers roster requests and keeps the devices of an account informed."""

    name: ClassVar[str] = "roster"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._limits = changes.Limits(items=host.server.config.limits.max_roster_items)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this room."""
        yield IQ("get", payloads.QUERY, self.get, At.OWN)
        yield IQ("set", payloads.QUERY, self.set, At.OWN)
        yield IQ("get", payloads.QUERY, self.refuse, At.ACCOUNT | At.NOBODY)
        yield IQ("set", payloads.QUERY, self.refuse, At.ACCOUNT | At.NOBODY)
        yield StreamFeature(payloads.VERSIONING_FEATURE)
        yield StreamFeature(payloads.PRE_APPROVAL_FEATURE)

    def refuse(self, request: Request) -> None:
        """Somebody asks for a roster that is not theirs (§2.1.5, §2.3.3)."""
        raise NotYourRoster

    # -- reading --

    def get(self, request: Request) -> bytes | Awaitable[bytes | None] | None:
        """Give the roster, or what is new since the version that the client has (§2.2, §2.6)."""
        account, session = request.account, request.session
        assert account is not None
        if session is not None:
            # "an 'interested resource' [is one] that has requested the roster" (§2.2)
            session.interested = True
        roster = account.roster
        held = payloads.parse_version(request.payload)
        if held:
            sync = versioning.compare(held, roster.version, roster.floor)
            if sync is Sync.NOTHING:
                return None
            if sync is Sync.CHANGES and session is not None:
                return self._news(account, session, held)
        return roster.query

    async def _news(self, account: Account, session: Session, held: str) -> bytes | None:
        """An empty result and then pushes, or the whole roster if that is less (§2.6.3)."""
        roster = account.roster
        since = decode(held)
        assert since is not None
        news = await store.changes_since(self.host.server.database, account.id, since)
        if news is None:
            return roster.query
        items = [(row.version, row.contact) for row in news.items]
        removals = [(version, contact) for contact, version in news.removed]
        order = versioning.in_order(items, removals, len(roster))
        if order is None:
            return roster.query
        self.host.server.tasks.spawn(_push_news(account, session, order), "roster")
        return None

    # -- changing --

    def set(self, request: Request) -> Awaitable[None]:
        """Add, change or remove one contact (§2.3 to §2.5)."""
        account = request.account
        assert account is not None
        edit = payloads.parse_edit(request.payload)
        before = account.roster.get(edit.jid)
        if edit.remove:
            return self._remove(account, edit.jid, before, request.session)
        listed = len(account.roster)
        after = changes.put(edit, account.jid, before, listed, self._limits)
        return self._put(account, Change(edit.jid, before, after, next_version(account)))

    async def _put(self, account: Account, change: Change) -> None:
        await save(account, change)
        push(account, change)

    async def _remove(
        self, account: Account, contact: JID, before: RosterItem | None, session: Session | None
    ) -> None:
        removal = changes.remove(contact, before)
        change = Change(contact, before, None, next_version(account))
        await save(account, change)
        push(account, change)
        await self.host.presence.part(account, removal, session)


async def _push_news(account: Account, session: Session, order: list[tuple[int, str]]) -> None:
    """Pushes that follow a result; what they tell is what is true by now."""
    for version, contact in order:
        jid = JID.parse(contact)
        push_to((session,), jid, account.roster.get(jid), version)
