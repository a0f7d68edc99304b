"""Users block whom they want to hear nothing of, and report abuse (XEP-0191, XEP-0377)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.blocking import blocklist, reports, store
from extensions.blocking.payloads import (
    BLOCK,
    BLOCKLIST,
    NS,
    NS_REPORTING,
    UNBLOCK,
    build,
    parse_items,
)
from server.element import escape
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, Load, On, Request, Spec, Wire
from server.moments import AccountDeleted
from server.storage.migrate import load
from server.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extensions.blocking.payloads import Report
    from server.account import Account
    from server.host import Host
    from server.jid import JID

#: How many addresses one account may block, and how many characters they may have: the list is in
#: memory with the account.
MOST: Final = 2000
MOST_TEXT: Final = 128 << 10
#: In the state of a session that has asked for the list, and so is told of changes.
_INTERESTED: Final = "blocking.interested"


class Blocking(Extension):
    """Keeps the block lists of a host's accounts; enforced by `blocklist.BlockList`."""

    name = blocklist.NAME
    requires = ("commands",)
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(191, "Blocking Command", "1.3"),
        XEP(377, "Blocking Command Reports", "0.4.1"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._turns = Turns()

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS)
        yield Feature(NS_REPORTING)
        yield Load(self.read, "blocked")
        yield IQ("get", BLOCKLIST, self.answer, At.OWN)
        yield IQ("set", BLOCK, self.block, At.OWN)
        yield IQ("set", UNBLOCK, self.unblock, At.OWN)
        for type_, tag in (("get", BLOCKLIST), ("set", BLOCK), ("set", UNBLOCK)):
            yield IQ(type_, tag, self.refuse, At.ACCOUNT | At.NOBODY)
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the tables, forget accounts that are gone."""
        database = self.host.server.database
        await database.migrate("blocking", load("extensions.blocking.migrations"))
        await store.forget_departed(database)
        self.host.service("commands").offer(reports.ReportsCommand(self.host).command)

    async def read(self, account: Account) -> None:
        """An account comes into memory."""
        jids = await store.load(self.host.server.database, account.id)
        if jids:
            blocklist.hang_up(account, blocklist.BlockList(account, jids))

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone."""
        await store.forget(self.host.server.database, moment.account.id)

    # -- requests --

    def refuse(self, request: Request) -> None:
        """Somebody else's list."""
        raise StanzaError(Condition.FORBIDDEN, "Block lists are for their owners")

    def answer(self, request: Request) -> bytes:
        """The list (§3.2); whoever asks is told of changes from now on."""
        session = request.session
        if session is not None:
            session.state = session.state or {}
            session.state[_INTERESTED] = True
        return build("blocklist", sorted(blocklist.of(_owner(request))))

    async def block(self, request: Request) -> None:
        """Block addresses, and note what is reported about them (§3.3, XEP-0377 §6)."""
        account = _owner(request)
        items = parse_items(request.payload)
        # "If the <block/> element does not contain at least one <item/> child element, the server
        # MUST return a <bad-request/> error." (§3.3)
        if not items:
            raise StanzaError(Condition.BAD_REQUEST, "Name whom to block")
        if account.jid in items:
            raise StanzaError(Condition.NOT_ALLOWED, "You cannot block yourself")
        async with self._turns.of(account.id):
            await self._add(account, items)
        self._push(account, build("block", items))

    async def _add(self, account: Account, items: Mapping[JID, Report | None]) -> None:
        jids = blocklist.of(account) | items.keys()
        if len(jids) > MOST or sum(map(len, jids)) > MOST_TEXT:
            raise StanzaError(Condition.RESOURCE_CONSTRAINT, f"You may block {MOST} addresses")
        told = [report for report in items.values() if report is not None]
        steps = await reports.note(self.host, account.jid, told)
        await store.block(self.host.server.database, account.id, items, steps)
        await blocklist.part(self.host.server, account, items)

    async def unblock(self, request: Request) -> None:
        """Unblock addresses (§3.4), or all of them (§3.5)."""
        account = _owner(request)
        items = parse_items(request.payload)
        async with self._turns.of(account.id):
            jids = frozenset(items) if items else blocklist.of(account)
            await store.unblock(self.host.server.database, account.id, jids)
            await blocklist.meet(self.host.server, account, jids)
        self._push(account, build("unblock", items))

    def _push(self, account: Account, payload: bytes) -> None:
        """Tell "all of the user's resources that have requested the blocklist" (§3.3)."""
        for session in account.sessions.values():
            if session.state is not None and _INTERESTED in session.state:
                number = escape(self.host.server.entropy.stanza_id())
                session.send(
                    b"<iq type='set' id='%s' to='%s'>%s</iq>" % (number, session.jid.wire, payload)
                )


def _owner(request: Request) -> Account:
    assert request.account is not None
    return request.account
