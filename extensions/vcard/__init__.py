"""vCards of accounts, in the format that all clients know (XEP-0054).

The server answers for the account, whoever asks. A vCard4 that was published later than the
vcard-temp is shown in its place, converted (XEP-0292), to those who may read it.

Other extensions use it by its name, `host.service("vcard")`:

    vcards.guard(hook)      may change a vCard that is about to be stored, or refuse it
    vcards.finish(hook)     may add to a vCard that somebody is about to get
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from lxml import etree

from extensions.vcard import store, vcard4
from extensions.vcard.vcard4 import TEMP, VCARD
from server import message_id
from server.element import E
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, On, Request, Spec, Wire
from server.moments import AccountDeleted
from server.storage.errors import StorageError
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from extensions.pubsub import PubSub
    from server.account import Account
    from server.element import Element
    from server.host import Host
    from server.jid import JID

    #: Sees a vCard that its owner wants stored.
    Guard = Callable[[Account, Element], Awaitable[None]]
    #: Sees a vCard that somebody asked for.
    Finisher = Callable[[Account, JID, Element], Awaitable[None]]

__all__ = ["VCARD", "VCards"]

#: The most bytes of a vCard without its picture.
MOST_BYTES: Final = 64 << 10


class VCards(Extension):
    """Stores vCards and answers for their owners (XEP-0054 §3)."""

    name = "vcard"
    requires = ("pubsub",)
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(54, "vcard-temp", "1.3.0"),
        XEP(172, "User Nickname", "1.1", note="in PEP"),
        XEP(292, "vCard4 Over XMPP", "0.12.0", note="in PEP; shown as vcard-temp to others"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._guards: list[Guard] = []
        self._finishers: list[Finisher] = []

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(TEMP, At.HOST | At.OWN | At.ACCOUNT)
        # "If an XMPP client or server supports the vCard4 namespace, it MUST advertise that fact"
        # (XEP-0292 §7)
        yield Feature(vcard4.NS, At.HOST | At.OWN | At.ACCOUNT)
        yield IQ("get", VCARD, self.answer_get, At.OWN | At.ACCOUNT | At.NOBODY)
        yield IQ("set", VCARD, self.answer_set, At.OWN)
        yield IQ("set", VCARD, self.refuse, At.ACCOUNT | At.NOBODY)
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the table, and forget accounts that are gone."""
        database = self.host.server.database
        await database.migrate("vcard", load("extensions.vcard.migrations"))
        await store.sweep(database)

    # -- requests --

    async def answer_get(self, request: Request) -> Element:
        """Give the vCard of the account.

        "If no vCard exists or the user does not exist, … <service-unavailable/> MUST be used in
        both cases" (§3.3); to the owner: "SHOULD be <item-not-found/>" (§3.1).
        """
        account = request.account
        card = None if account is None else await self.card(account, request.from_)
        if card is not None:
            return card
        if request.is_own:
            raise StanzaError(Condition.ITEM_NOT_FOUND, "You have no vCard yet")
        raise StanzaError(Condition.SERVICE_UNAVAILABLE, "There is no vCard")

    async def answer_set(self, request: Request) -> None:
        """Store the vCard, all of it (§3.2); it is on disk when the client gets its answer."""
        account, card = request.account, request.payload
        assert account is not None
        for guard in self._guards:
            await guard(account, card)
        content = etree.tostring(card, encoding="utf-8", with_tail=False)
        if len(content) > MOST_BYTES:
            raise StanzaError(Condition.NOT_ACCEPTABLE, f"A vCard may have {MOST_BYTES} bytes")
        now = int(self.host.server.clock.utcnow() * 1000)
        try:
            await store.save(self.host.server.database, account.id, store.Row(now, content))
        except StorageError as error:
            text = "This server cannot store anything now; try again later"
            raise StanzaError(Condition.RESOURCE_CONSTRAINT, text) from error

    def refuse(self, request: Request) -> None:
        """Let nobody write for somebody else: "MUST return a stanza error" (§3.2)."""
        raise StanzaError(Condition.FORBIDDEN, "You can only change your own vCard")

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone, and its vCard with it."""
        await store.delete(self.host.server.database, moment.account.id)

    # -- for other extensions --

    def guard(self, hook: Guard) -> None:
        """Show every vCard to this hook before it is stored."""
        self._guards.append(hook)

    def finish(self, hook: Finisher) -> None:
        """Show every vCard to this hook before it is given away."""
        self._finishers.append(hook)

    async def card(self, account: Account, who: JID) -> Element | None:
        """The vCard of an account as somebody may see it; None if there is none."""
        card = await self._written(account, who)
        for finisher in self._finishers:
            await finisher(account, who, card)
        return card if len(card) or card.text else None

    async def _written(self, account: Account, who: JID) -> Element:
        """What the owner has written last, in whichever format."""
        row = await store.find(self.host.server.database, account.id)
        pubsub: PubSub = self.host.service("pubsub")
        found = await pubsub.seen(account.jid, vcard4.NODE, who, limit=1)
        if found and (row is None or message_id.to_ms(found[0].seq) > row.updated):
            element = etree.fromstring(found[0].payload) if found[0].payload else None
            if element is not None and element.tag == vcard4.VCARD4:
                return vcard4.convert(element)
        return E(VCARD) if row is None else etree.fromstring(row.content)
