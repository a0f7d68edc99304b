"""Keeps all places where bookmarks stand the same (XEP-0402 §5.3, XEP-0411 §3).

The native node is what counts. A legacy list, in private XML or in a node, is made from it; what a
client writes into one becomes changes of native items: of a list that is published, what differs
from the list before. What a native item cannot be, bookmarks of pages for instance, stays in
private XML and appears in both lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from extensions.bookmarks import formats
from extensions.bookmarks.formats import CONFERENCE, LEGACY, NATIVE, STORAGE, Listing
from server import log
from server.element import to_bytes
from server.errors import Condition, StanzaError
from server.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from extensions.private_storage import PrivateStorage
    from extensions.pubsub import News, PubSub
    from server.account import Account
    from server.element import Element
    from server.host import Host
    from server.jid import JID

_log = log.get(__name__)

_NATIVE_OPTIONS: Final[Mapping[str, str]] = {
    "persist_items": "true", "max_items": "max",
    "send_last_published_item": "never", "access_model": "whitelist",
}  # fmt: skip
_LEGACY_OPTIONS: Final[Mapping[str, str]] = {"persist_items": "true", "access_model": "whitelist"}

#: Bytes of native bookmarks that are made into lists: it happens with each change of one of them.
MOST_BYTES: Final = 256 << 10

#: Name of an item, and what is in it.
Native = tuple[str, "Element"]


class Outdated(StanzaError):
    """A client has published a list while ours was made; nobody is told."""

    def __init__(self) -> None:
        super().__init__(Condition.CONFLICT, "There is a newer list")


class Keeper:
    """The bookmarks of the accounts of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pubsub: PubSub = host.service("pubsub")
        self._private: PrivateStorage = host.service("private_storage")
        self._turns = Turns()
        self._stale: set[JID] = set()  # whose list is about to be made anew
        self._applying = Turns()  # whoever makes a list into items
        self._taking: set[JID] = set()  # whose published list is just being made into items
        self._writing: dict[JID, bytes] = {}  # the list that is just being published by us
        self._outdated: set[JID] = set()  # of these lists those that are not right any more

    # -- private XML --

    async def read(self, account: Account) -> bytes:
        """The list for a client that asks for private XML."""
        if not await self._pubsub.is_private(account.jid, NATIVE):
            return await self._private.find(account, STORAGE)
        async with self._turns.of(account.jid):
            await self._absorb(account)
            return await self._collated(account)

    async def write(self, account: Account, content: bytes) -> None:
        """A client has a new list, which it stores as private XML."""
        if not await self._pubsub.is_private(account.jid, NATIVE):
            await self._private.save(account, {STORAGE: content})
            return
        async with self._turns.of(account.jid):
            await self._apply(account, parse(content))
            await self._publish_listing(account)

    # -- nodes --
    #
    # A list becomes items before its publication is acknowledged, so that no crash comes between:
    # what it says would be lost with the next list that is made from the items. That happens
    # within the turn at its node, and so must not wait for who waits for that node (`_turns`).

    def legacy_comes(self, news: News) -> Awaitable[None] | None:
        """A list is about to be published: a client's becomes items, ours must still be right."""
        item, owner = news.item, news.owner
        if item is None or not owner.local:
            return None
        if self._writing.get(owner) is item.payload:
            if owner in self._outdated:
                raise Outdated
            return None
        return self._take_listing(owner, item.payload)

    def legacy_published(self, news: News) -> Awaitable[None] | None:
        """A client has a new list: where it says less than the items, it is made anew."""
        if news.item is None or self._writing.get(news.owner) is news.item.payload:
            return None
        return self.native_changed(news)

    def native_changed(self, news: News) -> Awaitable[None] | None:
        """Items have changed: the lists follow, once for many changes."""
        owner = news.owner
        if not owner.local or owner in self._stale or owner in self._taking:
            return None
        self._stale.add(owner)
        return self._follow(owner)

    async def _take_listing(self, owner: JID, content: bytes) -> None:
        self._taking.add(owner)
        try:
            account = await self._host.accounts.load(owner)
            if account is not None and is_listing(content) and await self._are_private(owner):
                found = await self._pubsub.items(owner, LEGACY, limit=1)
                base = parse(found[0].payload) if found else None
                await self._apply(account, parse(content), base)
        except StanzaError as refusal:
            _log.info("bookmarks.not_converted", condition=refusal.condition)
        finally:
            self._taking.discard(owner)
            self._outdated.add(owner)

    async def _follow(self, owner: JID) -> None:
        try:
            async with self._turns.of(owner):
                self._stale.discard(owner)
                account = await self._host.accounts.load(owner)
                if account is not None:
                    await self._publish_listing(account)
        except StanzaError as refusal:
            _log.info("bookmarks.not_converted", condition=refusal.condition)
        finally:
            self._stale.discard(owner)

    async def absorb(self, account: Account) -> None:
        """Take over a list in private XML that has never become items.

        "the server should make sure that the data gets copied from Private XML to PEP before the
        user logs in for the first time" (XEP-0411 §4).
        """
        if not await self._private.find(account, STORAGE):
            return
        if not await self._pubsub.is_private(account.jid, NATIVE):
            return
        async with self._turns.of(account.jid):
            await self._absorb(account)

    # -- within a turn --

    async def _absorb(self, account: Account) -> None:
        stored = await self._stored(account)
        if not stored.rooms:
            return
        natives = await self._natives(account.jid)
        for room, legacy in stored.rooms.items():
            if room not in natives:
                await self._publish(account.jid, room, formats.to_native(legacy, None))
        await self._save_rest(account, stored)

    async def _apply(self, account: Account, listing: Listing, base: Listing | None = None) -> None:
        """Change items until they are what a list says (XEP-0402 §5.3.2).

        With a `base`, the list that was there before, what the client has not touched stays as it
        is: it may have come to the items without the client knowing.
        """
        owner, before = account.jid, {} if base is None else base.rooms
        async with self._applying.of(owner):
            natives = await self._natives(owner)
            await self._save_rest(account, listing)
            gone = [
                name
                for room, (name, _) in natives.items()
                if room not in listing.rooms and (base is None or room in before)
            ]
            if gone:
                await self._pubsub.retract(owner, NATIVE, gone)
            for room, legacy in listing.rooms.items():
                if room in before and formats.is_same_room(before[room], legacy):
                    continue
                name, existing = natives.get(room, (room, None))
                await self._publish(owner, name, formats.to_native(legacy, existing))

    async def _publish(self, owner: JID, name: str, native: Element | None) -> None:
        if native is not None:
            await self._pubsub.publish(owner, NATIVE, name, to_bytes(native), _NATIVE_OPTIONS)

    async def _publish_listing(self, account: Account) -> None:
        """Make the list in the legacy node what it should be, and tell who wants to know.

        "When a legacy client modifies bookmarks over Private XML the service MUST send out
        notification messages to all subscribers of the 'storage:bookmarks' node" (XEP-0411 §3).
        """
        owner = account.jid
        if not await self._are_private(owner):
            return
        self._outdated.discard(owner)
        content = await self._collated(account)
        listing = parse(content)
        found = await self._pubsub.items(owner, LEGACY, limit=1)
        there = parse(found[0].payload) if found else Listing({}, ())
        if formats.is_same_listing(listing, there):
            return
        self._writing[owner] = content
        try:
            name = found[0].id if found else "current"
            await self._pubsub.publish(owner, LEGACY, name, content, _LEGACY_OPTIONS)
        except Outdated:
            return  # a client was faster; its list is followed in turn
        finally:
            del self._writing[owner]

    # -- what is there --

    async def _natives(self, owner: JID) -> dict[JID, Native]:
        """Native items by room; what is no bookmark of a room is passed over."""
        natives: dict[JID, Native] = {}
        items = await self._pubsub.items(owner, NATIVE)
        if sum(len(item.payload) for item in items) > MOST_BYTES:
            text = "There are too many bookmarks to have them in one list"
            raise StanzaError(Condition.NOT_ACCEPTABLE, text)
        for item in items:
            room = formats.room_of(item.id)
            element = etree.fromstring(item.payload) if item.payload else None
            if room is not None and element is not None and element.tag == CONFERENCE:
                natives.setdefault(room, (item.id, element))
        return natives

    async def _collated(self, account: Account) -> bytes:
        natives = await self._natives(account.jid)
        rooms = {room: element for room, (_, element) in natives.items()}
        return formats.build_listing(rooms, (await self._stored(account)).rest)

    async def _stored(self, account: Account) -> Listing:
        return parse(await self._private.find(account, STORAGE))

    async def _save_rest(self, account: Account, listing: Listing) -> None:
        stored = await self._stored(account)
        if stored.rooms or sorted(stored.rest) != sorted(listing.rest):
            content = formats.build_listing({}, listing.rest)
            await self._private.save(account, {STORAGE: content})

    async def _are_private(self, owner: JID) -> bool:
        """Whether both nodes are for nobody else, or would be if they were there.

        "the service MUST make [sure] that the user is the only one who has access to that node …
        by either changing the access model accordingly or not doing the conversion" (XEP-0411 §5).
        """
        is_private = self._pubsub.is_private
        return await is_private(owner, NATIVE) and await is_private(owner, LEGACY)


def is_listing(content: bytes) -> bool:
    """Whether an item holds a list, even an empty one."""
    return bool(content) and etree.fromstring(content).tag == STORAGE


def parse(content: bytes) -> Listing:
    """A list as it is stored; anything else is an empty one. Of several the last counts."""
    if not content:
        return Listing({}, ())
    elements = etree.fromstring(b"<all>%s</all>" % content)
    last = elements[-1]
    return formats.parse_listing(last) if last.tag == STORAGE else Listing({}, ())
