"""The service of a host: nodes for all, at an address of their own (XEP-0060)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub.configuration import ON_SUB, RETRACT_OLDEST, NodeConfig
from extensions.pubsub.events import send_all
from extensions.pubsub.place import Place
from extensions.pubsub.rules import refuse_access
from extensions.pubsub.terms import AccessModel, State

if TYPE_CHECKING:
    from extensions.pubsub.engine import Engine
    from extensions.pubsub.events import Event
    from extensions.pubsub.nodes import Node
    from server.account import Account
    from server.jid import JID

#: "The "retract-oldest" option is the default one" (§7.1.2.5).
_DEFAULT: Final = NodeConfig(send_last_published_item=ON_SUB, publish_node_full=RETRACT_OLDEST)
_FOLLOWS_PRESENCE: Final = (AccessModel.PRESENCE, AccessModel.ROSTER)
#: With these a subscription is leave enough; with the others who has lost access is told no more.
_ANYBODY: Final = (AccessModel.OPEN, AccessModel.AUTHORIZE)
#: Owners whose rosters are looked into; else one node could ask for those of everybody.
MOST_OWNERS: Final = 20


class SharedPlace(Place):
    """The nodes of the service; they belong to whoever made them."""

    creates_on_publish = False

    def __init__(self, engine: Engine, jid: JID) -> None:
        super().__init__(jid, 0, str(jid), None)
        self._engine = engine
        self.is_open_for_nodes = engine.section.create != "nobody"

    def defaults(self, name: str) -> NodeConfig:
        """Open, and kept."""
        return _DEFAULT

    def may_create(self, who: JID) -> bool:
        """Users of this host, if the configuration lets them."""
        is_user = bool(who.local) and who.domain == self._engine.host.domain
        return self.is_open_for_nodes and is_user

    async def ties(self, node: Node, who: JID) -> tuple[bool, frozenset[str]]:
        """Whether somebody sees the presence of an owner, and in which groups of theirs he is."""
        return _ties(await self._owners(node), who)

    async def _owners(self, node: Node) -> list[Account]:
        """The owners who have accounts here, if access follows their presence."""
        if node.config.access_model not in _FOLLOWS_PRESENCE:
            return []
        host = self._engine.host
        here = [owner for owner in node.owners() if owner.domain == host.domain][:MOST_OWNERS]
        found = [await host.accounts.load(owner) for owner in here]
        return [account for account in found if account is not None]

    async def deliver(self, node: Node, event: Event, *, to_pending: bool = False) -> None:
        """Bring news to the subscribers."""
        engine, now = self._engine, self._engine.now_ms()
        checks = not to_pending and node.config.access_model not in _ANYBODY
        owners = await self._owners(node) if checks else []
        recipients, given = [], []
        for each in list(node.subscriptions.values()):
            if not each.options.deliver or each.options.is_over(now):
                continue
            if checks and not _has_access(node, each.jid.bare, owners):
                continue
            if each.is_given_here(engine.server):
                given.append(each.jid)
            elif to_pending or each.state is State.SUBSCRIBED:
                recipients.append(each.jid)
        send_all(engine.server, event, recipients)
        if given:
            send_all(engine.server, event.as_headline(), given)


def _ties(owners: list[Account], who: JID) -> tuple[bool, frozenset[str]]:
    """Whether somebody sees the presence of one of them, and in which groups he is."""
    showing = [account for account in owners if account.may_see_presence(who)]
    items = [account.roster.get(who) for account in showing]
    return bool(showing), frozenset(group for item in items if item for group in item.groups)


def _has_access(node: Node, who: JID, owners: list[Account]) -> bool:
    """Whether a subscriber may still be told: rosters and affiliations change under him."""
    return refuse_access(node.config, node.standing(who, *_ties(owners, who))) is None
