"""The service of a host: nodes for all, at an address of their own (XEP-0060)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub.configuration import ON_SUB, NodeConfig
from extensions.pubsub.events import send_all
from extensions.pubsub.place import Place
from extensions.pubsub.rules import AccessModel, State

if TYPE_CHECKING:
    from extensions.pubsub.engine import Engine
    from extensions.pubsub.events import Event
    from extensions.pubsub.nodes import Node
    from server.jid import JID

_DEFAULT: Final = NodeConfig(send_last_published_item=ON_SUB)
_FOLLOWS_PRESENCE: Final = (AccessModel.PRESENCE, AccessModel.ROSTER)


class SharedPlace(Place):
    """The nodes of the service; they belong to whoever made them."""

    creates_on_publish = False

    def __init__(self, engine: Engine, jid: JID) -> None:
        super().__init__(jid, 0, str(jid), None)
        self._engine = engine

    def defaults(self, name: str) -> NodeConfig:
        """Open, and kept."""
        return _DEFAULT

    def may_create(self, who: JID) -> bool:
        """Users of this host, if the configuration lets them."""
        allowed = self._engine.section.create == "users"
        return allowed and bool(who.local) and who.domain == self._engine.host.domain

    async def ties(self, node: Node, who: JID) -> tuple[bool, frozenset[str]]:
        """Whether somebody sees the presence of an owner, and in which groups of theirs he is."""
        if node.config.access_model not in _FOLLOWS_PRESENCE:
            return False, frozenset()
        sees, groups = False, set()
        for owner in node.owners():
            if owner.domain != self._engine.host.domain:
                continue
            account = await self._engine.host.accounts.load(owner)
            if account is not None and account.may_see_presence(who):
                sees = True
                item = account.roster.get(who)
                groups |= set(() if item is None else item.groups)
        return sees, frozenset(groups)

    async def deliver(self, node: Node, event: Event, *, to_pending: bool = False) -> None:
        """Bring news to the subscribers."""
        engine, now = self._engine, self._engine.now_ms()
        checks = node.config.access_model in _FOLLOWS_PRESENCE
        recipients = []
        for each in list(node.subscriptions.values()):
            if each.state is not State.SUBSCRIBED and not to_pending:
                continue
            if not each.options.deliver or each.options.is_over(now):
                continue
            if checks and not to_pending and not await self.still_has_access(node, each.jid):
                continue
            recipients.append(each.jid)
        send_all(engine.server, event, recipients)
