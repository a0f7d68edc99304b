"""What all verbs of publish-subscribe share: the nodes of a host, turns, writing, hooks."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.pubsub import errors, payloads, store
from extensions.pubsub.events import Event, delayed
from extensions.pubsub.nodes import Nodes
from extensions.pubsub.usage import Limits, Usage
from server import log, message_id
from server.storage.errors import Conflict, StorageError
from server.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from extensions.pubsub.nodes import Node
    from extensions.pubsub.place import Place
    from extensions.pubsub.rows import ItemRow
    from extensions.pubsub.rules import Standing
    from extensions.pubsub.section import PubSub as Section
    from server.element import Element
    from server.host import Host
    from server.jid import JID
    from server.session import Session
    from server.storage.database import Database
    from server.storage.insert import Step

    Hook = Callable[["News"], Awaitable[None] | None]

_log = log.get(__name__)

#: So many notifications of the service are remembered.
RECENT: Final = 2000

#: How often the last item is read, if it changes all the time.
_ATTEMPTS: Final = 5

#: All nodes, for a hook.
ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class News:
    """Something that happens to items of a node, for other extensions.

    `owner` is the address of the place. An item is published, or those named in `retracted` go;
    with neither the node was purged or deleted.
    """

    owner: JID
    node: str
    item: ItemRow | None = None
    retracted: tuple[str, ...] = ()


class Engine:
    """The publish-subscribe of one host."""

    def __init__(self, host: Host, section: Section) -> None:
        self.host = host
        self.server = host.server
        self.section = section
        self.nodes = Nodes(lambda: self.server.database)
        self.usage = Usage(lambda: self.server.database)
        self._turns = Turns()
        self.guards: dict[str, list[Hook]] = {}
        self.watchers: dict[str, list[Hook]] = {}
        #: Recent notifications, to know which node an error is about (§12.4).
        self.recent: OrderedDict[str, str] = OrderedDict()
        #: Who is just being told of last items, and what he wants to hear of after that.
        self.greeted: dict[Session, set[str]] = {}

    @property
    def database(self) -> Database:
        """Where nodes are stored."""
        return self.server.database

    def now_ms(self) -> int:
        """The time, as nodes and items are numbered."""
        return int(self.server.clock.utcnow() * 1000)

    def next_number(self) -> int:
        """A number for a node or an item; it says when that was made."""
        return self.server.ids.next(self.now_ms())

    def since(self, node: Node) -> int:
        """The lowest number of an item that is not too old to be there."""
        oldest = node.config.oldest
        return message_id.first_at(self.now_ms() - oldest * 1000) if oldest else 0

    def turn(self, place: Place, name: str) -> AbstractAsyncContextManager[None]:
        """Be alone in changing a node."""
        return self._turns.of(place.key(name))

    async def node(self, place: Place, name: str) -> Node | None:
        """A node, if it is there."""
        return await self.nodes.find(place.key(name), place.owner)

    async def known(self, place: Place, name: str, who: JID) -> tuple[Node, Standing]:
        """A node, and what somebody is to it; who may not know of it is told as much."""
        if not name:
            raise errors.NodeRequired
        node = await self.node(place, name)
        if node is None:
            raise place.refusal_of_missing(name, who)
        standing = await place.standing(node, who)
        refusal = place.refusal_of_hidden(node, standing)
        if refusal is not None:
            raise refusal
        return node, standing

    async def owned(self, place: Place, name: str, who: JID) -> Node:
        """A node, for one of its owners only."""
        node, standing = await self.known(place, name, who)
        if not standing.is_owner:
            raise errors.Forbidden("Only owners of the node may do that")
        return node

    async def write(self, steps: list[Step]) -> None:
        """Store; it is on disk when this returns. Raises `StanzaError` if it cannot be."""
        if not steps:
            return
        try:
            await self.database.batch(steps)
        except Conflict:
            raise errors.NodeExists from None
        except StorageError as error:
            _log.error("pubsub.not_stored", error=str(error))
            raise errors.NotStored from error

    async def commit(
        self, place: Place, node: Node, steps: list[Step], growth: int = 0, *, made: int = 0
    ) -> None:
        """Store what makes a node weigh so much more, within a turn; refuses if that is too much.

        `made` is 1 for a new node, -1 for one that goes. It is on disk when this returns.
        """
        section = self.section
        limits = Limits(
            section.nodes_per_account, place.quota(node.name, section.bytes_per_account)
        )
        bytes_ = growth + made * node.bytes
        async with self.usage.charge(node.payer, limits, bytes_=bytes_, nodes=made):
            await self.write([*steps, *store.grow(node.id, growth)])
        node.bytes += growth

    def forget(self) -> None:
        """Know nothing any more that is not read anew: an account was deleted."""
        self.nodes.forget()
        self.usage.forget()

    def items_changed(self, node: Node) -> None:
        """Items of a node were published or removed: this is what holds."""
        node.revision += 1
        self.nodes.changed(node)

    async def last_item(self, node: Node) -> ItemRow | None:
        """The item published last, for who is to be told of it as soon as this returns.

        When something is published while it is read, he has been told of that already, and must
        not hear of the older one after it: it is read again.
        """
        for _ in range(_ATTEMPTS):
            before = self.nodes.revision(node.key)
            item = await store.last_item(self.database, node.id, self.since(node))
            if before == self.nodes.revision(node.key):
                return item
        return None  # all that was published meanwhile has been told

    # -- telling --

    async def notify(
        self, place: Place, node: Node, content: bytes, *, to_pending: bool = False
    ) -> None:
        """Tell all who are to be told of something about a node."""
        if not node.config.deliver_notifications:
            return
        # A headline reaches those who are there, and waits for nobody (§12.6, §12.7).
        config = node.config
        headline = config.notification_type == "headline" or config.presence_based_delivery
        number = self.server.entropy.stanza_id()
        if not place.account and node.subscriptions:
            self.recent[number] = node.name
            if len(self.recent) > RECENT:
                self.recent.popitem(last=False)
        event = Event(place.jid, number, content, headline=headline)
        await place.deliver(node, event, to_pending=to_pending)

    def last_published(self, owner: JID, node: Node, item: ItemRow) -> Event:
        """The last item, for somebody who has just come (§6.1.7)."""
        content = payloads.build_items(node.name, self.shown(node, item))
        number = self.server.entropy.stanza_id()
        return Event(owner, number, content, extra=delayed(item.seq))

    @staticmethod
    def shown(node: Node, item: ItemRow, *, in_event: bool = True) -> bytes:
        """An item as a node shows it."""
        return payloads.build_item(
            item,
            with_payload=node.config.deliver_payloads or not in_event,
            with_publisher=node.config.itemreply == "publisher",
        )

    # -- hooks of other extensions --

    async def ask_guards(self, news: News) -> None:
        """Let others refuse, by a `StanzaError`."""
        for guard in (*self.guards.get(news.node, ()), *self.guards.get(ANY, ())):
            outcome = guard(news)
            if outcome is not None:
                await outcome

    def tell_watchers(self, news: News) -> None:
        """Let others know, after it is on disk; what they do about it is theirs."""
        for watcher in (*self.watchers.get(news.node, ()), *self.watchers.get(ANY, ())):
            self.server.tell(watcher, news)


@dataclass(slots=True)
class Call:
    """One request to one place."""

    engine: Engine
    place: Place
    who: JID
    verb: Element
    root: Element

    @property
    def name(self) -> str:
        """The node that is meant."""
        return payloads.node_of(self.verb)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Be alone in changing that node."""
        return self.engine.turn(self.place, self.name)

    async def known(self) -> tuple[Node, Standing]:
        """The node, and what the one who asks is to it."""
        return await self.engine.known(self.place, self.name, self.who)

    async def owned(self) -> Node:
        """The node, if the one who asks owns it."""
        return await self.engine.owned(self.place, self.name, self.who)


Verb = "Callable[[Call], Awaitable[bytes | None]]"
