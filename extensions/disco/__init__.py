"""Service discovery: what the host and its accounts are, can and have (XEP-0030).

The features, identities and forms are what the extensions declare in their wires. Others ask for
this extension by its name to add what a declaration cannot say:

    disco.offer(Item(jid, name))             an item of the host, a service say
    disco.info_sources.append(source)        information about nodes
    disco.item_sources.append(source)        items of nodes
    disco.account_sources.append(source)     items of accounts, for whoever asks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.disco.items import Item, build_items
from extensions.payloads import forms, info
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, Identity, Request, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from server.host import Host

    InfoSource = Callable[[Request, str], Awaitable[info.Info | None]]
    ItemSource = Callable[[Request, str], Awaitable[list[Item] | None]]
    AccountSource = Callable[[Request], Awaitable[list[Item]]]

NS_ITEMS: Final = "http://jabber.org/protocol/disco#items"
EVERYWHERE: Final = At.HOST | At.OWN | At.ACCOUNT | At.NOBODY

__all__ = ["Disco", "Item"]


class Disco(Extension):
    """Answers disco#info and disco#items for the host and on behalf of its accounts."""

    name = "disco"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(30, "Service Discovery", "2.5.0"),)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.info_sources: list[InfoSource] = []
        self.item_sources: list[ItemSource] = []
        self.account_sources: list[AccountSource] = []
        self._items: list[Item] = []
        self._built: dict[At, bytes] = {}

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(info.NS, EVERYWHERE)
        yield Feature(NS_ITEMS, EVERYWHERE)
        yield Identity("server", "im", "Skerry", At.HOST)
        # "the primary identity SHOULD have a category of "account" with an appropriate type"
        yield Identity("account", "registered", at=At.OWN | At.ACCOUNT)  # (§3.1)
        yield IQ("get", info.QUERY, self.answer_info, EVERYWHERE)
        yield IQ("get", f"{{{NS_ITEMS}}}query", self.answer_items, EVERYWHERE)

    def offer(self, item: Item) -> None:
        """List one more item of the host, such as a service on a domain of its own."""
        self._items.append(item)

    def describe(self, at: At) -> info.Info:
        """What the host, or any account, says of itself."""
        return info.Info(
            tuple(
                info.Identity(each.category, each.type, name=each.name)
                for each in self.host.tables.identities[at]
            ),
            tuple(sorted(self.host.features(at))),
            tuple(forms.parse(element) for element in self.host.forms(at)),
        )

    async def answer_info(self, request: Request) -> bytes:
        """The identities and features of whom was asked (§3.1), or of one of its nodes (§3.2).

        "In response to a disco#info request, the server MUST return a <service-unavailable/> error
        if … the requesting entity is not authorized to receive presence" (§8).
        """
        at = _place(request)
        if at is None:
            raise StanzaError(Condition.SERVICE_UNAVAILABLE)
        node = request.payload.get("node")
        if node:
            return info.build(await self._about(request, node), node)
        built = self._built.get(at)
        if built is None:
            # What extensions declare does not change once the host runs.
            built = self._built[at] = info.build(self.describe(at))
        return built

    async def answer_items(self, request: Request) -> bytes:
        """What whom was asked has (§4.1): the host its services, an account its resources.

        "In response to a disco#items request, the server MUST return an empty result set if … the
        requesting entity is not authorized to receive presence" (§8).
        """
        node = request.payload.get("node")
        if node:
            return build_items(await self._items_of(request, node), node)
        account = request.account
        if account is None:
            return build_items(self._items if _place(request) is At.HOST else ())
        # What a source gives is for the one who asks, whether he may see the presence or not.
        items = [item for source in self.account_sources for item in await source(request)]
        if account.may_see_presence(request.from_):
            available = (s for s in account.sessions.values() if s.is_available)
            items = [*(Item(session.jid) for session in available), *items]
        return build_items(items)

    async def _about(self, request: Request, node: str) -> info.Info:
        for source in self.info_sources:
            found = await source(request, node)
            if found is not None:
                return found
        raise StanzaError(Condition.ITEM_NOT_FOUND, "There is no such node")

    async def _items_of(self, request: Request, node: str) -> list[Item]:
        if _place(request) is None:
            return []
        for source in self.item_sources:
            found = await source(request, node)
            if found is not None:
                return found
        raise StanzaError(Condition.ITEM_NOT_FOUND, "There is no such node")


def _place(request: Request) -> At | None:
    """Whom the request is about; None when who asks must not even know that it exists."""
    if request.account is None:
        to = request.stanza.to
        return None if to is not None and to.local else At.HOST
    if request.is_own:
        return At.OWN
    return At.ACCOUNT if request.account.may_see_presence(request.from_) else None
