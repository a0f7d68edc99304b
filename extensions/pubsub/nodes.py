"""Nodes in memory, and the places they belong to.

A place is an address with nodes: an account, or the service of a host. Nodes in use are kept, with
their affiliations and subscriptions, up to a certain weight; the truth is in the database.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.pubsub import configuration, store
from extensions.pubsub.options import Options
from extensions.pubsub.rules import Standing
from extensions.pubsub.terms import Affiliation, State
from server.jid import JID

if TYPE_CHECKING:
    from collections.abc import Callable

    from extensions.pubsub.configuration import NodeConfig
    from extensions.pubsub.rows import ItemRow, Payer
    from server.server import Server
    from server.storage.database import Database

#: What is kept in memory: so many nodes, subscriptions and affiliations together.
WEIGHT: Final = 20_000
#: Bytes of an item in memory that weigh as much as one of them.
BYTES: Final = 2048

Key = tuple[int, str, str]


@dataclass(slots=True)
class Subscription:
    """Somebody who is told, or wants to be."""

    jid: JID
    state: State
    options: Options

    def is_given_here(self, server: Server) -> bool:
        """Whether an owner subscribed a user of this server, who has not said anything to it."""
        return self.state is State.UNCONFIGURED and self.jid.domain in server.hosts


class Node:
    """One node: what is configured, and who is what to it."""

    __slots__ = (
        "affiliations",
        "bytes",
        "config",
        "count",
        "creator",
        "epoch",
        "id",
        "kept",
        "key",
        "last",
        "name",
        "owner",
        "resources",
        "revision",
        "subscriptions",
    )

    def __init__(self, key: Key, id_: int, creator: JID, config: NodeConfig, owner: JID | None):
        self.key = key
        self.name = key[2]
        self.id = id_
        self.creator = creator
        self.config = config
        self.owner = owner  # whose account it is
        self.affiliations: dict[JID, Affiliation] = {}
        self.subscriptions: dict[JID, Subscription] = {}
        #: Bare address → full ones that are subscribed.
        self.resources: dict[JID, set[JID]] = {}
        self.bytes = 0  # what it weighs in the quota of who answers for it
        self.revision = 0  # grows when items come or go
        self.count: int | None = None  # of stored items, once it was needed
        self.last: ItemRow | None = None  # where items are not stored
        self.kept = 0  # its weight when it was last put into memory
        self.epoch = 0  # of when it was read or made; see Nodes.epoch

    @property
    def weight(self) -> int:
        """How much of the memory for nodes it takes."""
        size = 0 if self.last is None else len(self.last.payload)
        return 1 + len(self.affiliations) + len(self.subscriptions) + size // BYTES

    @property
    def payer(self) -> Payer:
        """Who answers for what is in it."""
        account, service, _ = self.key
        return (account, "", "") if account else (0, service, str(self.creator))

    def affiliation(self, bare: JID) -> Affiliation:
        """What somebody is to this node; an account owns its nodes."""
        if bare == self.owner:
            return Affiliation.OWNER
        return self.affiliations.get(bare, Affiliation.NONE)

    def owners(self) -> list[JID]:
        """All who own this node."""
        found = [jid for jid, each in self.affiliations.items() if each is Affiliation.OWNER]
        return found if self.owner is None else [self.owner, *found]

    def put(self, subscription: Subscription) -> None:
        """From now on this is what a subscription is; the state `none` ends it."""
        jid = subscription.jid
        if subscription.state is State.NONE:
            self.subscriptions.pop(jid, None)
            several = self.resources.get(jid.bare, set())
            several.discard(jid)
            if not several:
                self.resources.pop(jid.bare, None)
            return
        self.subscriptions[jid] = subscription
        if not jid.is_bare:
            self.resources.setdefault(jid.bare, set()).add(jid)

    def is_subscribed(self, bare: JID) -> bool:
        """Whether somebody is subscribed with any of his addresses, by himself or by an owner."""
        return any(each.state is not State.PENDING for each in self.of(bare))

    def of(self, bare: JID) -> list[Subscription]:
        """All subscriptions of somebody."""
        found = self.subscriptions.get(bare)
        several = [self.subscriptions[jid] for jid in self.resources.get(bare, ())]
        return several if found is None else [found, *several]

    def standing(self, bare: JID, sees_presence: bool, groups: frozenset[str]) -> Standing:
        """All that counts about somebody here."""
        subscribed = bool(self.subscriptions) and self.is_subscribed(bare)
        return Standing(self.affiliation(bare), subscribed, sees_presence, groups)


class Nodes:
    """The nodes of a host that are in memory, and the way to the others."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._kept: OrderedDict[Key, Node] = OrderedDict()
        self._weight = 0
        #: Nodes from before much has changed do not come back, though somebody is writing to them.
        self.epoch = 0
        self._changes = 0
        self._deletions = 0

    def __len__(self) -> int:
        return len(self._kept)

    def revision(self, key: Key) -> tuple[int, int]:
        """Another one after items of a node have changed, or it was deleted."""
        node = self._kept.get(key)
        return (0 if node is None else node.revision), self._deletions

    async def find(self, key: Key, owner: JID | None) -> Node | None:
        """The node of that key, if there is one."""
        node = self._kept.get(key)
        if node is not None:
            self._kept.move_to_end(key)
            return node
        changes = self._changes
        node = await self._load(key, owner)
        if node is None or changes != self._changes:
            # Somebody wrote meanwhile: what was read holds for this time, or is known better.
            return self._kept.get(key, node)
        return self._kept.get(key) or self.keep(node)

    async def _load(self, key: Key, owner: JID | None) -> Node | None:
        db, epoch = self._database(), self.epoch
        row = await store.find_node(db, *key)
        if row is None:
            return None
        node = Node(key, row.id, JID.parse(row.creator), configuration.load(row.config), owner)
        node.bytes, node.epoch = row.bytes, epoch
        for jid, affiliation in await store.affiliations(db, row.id):
            node.affiliations[JID.parse(jid)] = Affiliation(affiliation)
        for jid, state, options in await store.subscriptions(db, row.id):
            node.put(Subscription(JID.parse(jid), State(state), Options.load(options)))
        return node

    def keep(self, node: Node) -> Node:
        """Remember a node; the least used ones are forgotten."""
        self._drop(node.key)
        self._kept[node.key] = node
        node.kept = node.weight
        self._weight += node.kept
        while self._weight > WEIGHT and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))
        return node

    def _drop(self, key: Key) -> None:
        node = self._kept.pop(key, None)
        if node is not None:
            self._weight -= node.kept

    def changed(self, node: Node) -> None:
        """A node was written: this is what holds."""
        self._changes += 1
        if node.epoch != self.epoch:
            self._drop(node.key)
        else:
            self.keep(node)

    def gone(self, key: Key) -> None:
        """A node was deleted."""
        self._changes += 1
        self._deletions += 1
        self._drop(key)

    def forget(self) -> None:
        """Much has changed at once: an account was deleted, with its nodes, say."""
        self._changes += 1
        self._deletions += 1
        self.epoch += 1
        self._kept.clear()
        self._weight = 0
