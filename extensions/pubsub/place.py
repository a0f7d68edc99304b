"""Where nodes are: at an account, or at the service of a host. What differs between the two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from extensions.pubsub.configuration import changed
from extensions.pubsub.errors import NodeNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from extensions.pubsub.configuration import NodeConfig
    from extensions.pubsub.events import Event
    from extensions.pubsub.nodes import Key, Node
    from extensions.pubsub.rules import Standing
    from server.errors import StanzaError
    from server.jid import JID
    from server.session import Session


class Place(ABC):
    """An address with nodes."""

    #: Whether publishing to a node that does not exist makes it (XEP-0060 §7.1.4).
    creates_on_publish: bool

    #: Whether anybody may make nodes here at all (§8.1.1).
    is_open_for_nodes = True

    def __init__(self, jid: JID, account: int, service: str, owner: JID | None) -> None:
        """`account` is a number or 0, `owner` whom all nodes here belong to."""
        self.jid = jid
        self.account = account
        self.service = service
        self.owner = owner

    def key(self, name: str) -> Key:
        """What a node here is known by."""
        return self.account, self.service, name

    @abstractmethod
    def defaults(self, name: str) -> NodeConfig:
        """How a new node of that name is configured, unless its creator says otherwise."""

    def settled(self, name: str, config: NodeConfig) -> NodeConfig:
        """The configuration as this place has it, whatever somebody asks for."""
        return config

    def is_lenient(self, name: str) -> bool:
        """Whether options of a publication change the node, where others would be refused."""
        return False

    def quota(self, name: str, usual: int) -> int:
        """How many bytes who answers for that node may store in all, `usual` by configuration."""
        return usual

    @abstractmethod
    def may_create(self, who: JID) -> bool:
        """Whether that bare address may make nodes here."""

    @abstractmethod
    async def ties(self, node: Node, who: JID) -> tuple[bool, frozenset[str]]:
        """Whether that bare address sees the owner's presence, and in which groups it is."""

    async def standing(self, node: Node, who: JID) -> Standing:
        """All that counts about an address at a node."""
        return node.standing(who.bare, *await self.ties(node, who.bare))

    def refusal_of_missing(self, name: str, who: JID) -> StanzaError:
        """What somebody is told of a node that is not there."""
        return NodeNotFound()

    def refusal_of_hidden(self, node: Node, standing: Standing) -> StanzaError | None:
        """What somebody is told who must not know that a node is there."""
        return None

    @abstractmethod
    async def deliver(self, node: Node, event: Event, *, to_pending: bool = False) -> None:
        """Bring news of a node to all who are to have it."""

    def interested(self, node: Node) -> Iterable[Session]:
        """The devices that hear of a node without a subscription."""
        return ()

    def created(self, values: Mapping[str, Any], name: str) -> NodeConfig:
        """The configuration of a node that is about to be made."""
        return self.settled(name, changed(self.defaults(name), values))
