"""The service for all, as its address is reached: requests, discovery, owners' decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.disco.items import build_items
from extensions.payloads import info, rsm
from extensions.pubsub import approval, discovery, payloads
from extensions.pubsub.shared import SharedPlace
from extensions.pubsub.subscribers import decide
from extensions.pubsub.subscribing import drop
from extensions.pubsub.verbs import carry_out
from server.errors import StanzaError
from server.service import Service

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from extensions.pubsub.engine import Engine
    from server.extension import Request
    from server.session import Session
    from server.stanza import Stanza

_ITEMS_NS: Final = "http://jabber.org/protocol/disco#items"
_GONE: Final = tuple(
    f"{{urn:ietf:params:xml:ns:xmpp-stanzas}}{name}" for name in ("gone", "item-not-found")
)
_ITEMS: Final = f"{{{_ITEMS_NS}}}query"


class PubSubService(Service):
    """The address of the service for all, and what is asked of it."""

    is_app_server = True

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.host, engine.section.name)
        self.engine = engine
        self.place = SharedPlace(engine, self.jid)
        for tag in (payloads.PUBSUB, payloads.PUBSUB_OWNER):
            self.requests["get", tag] = self.requests["set", tag] = self.answer
        self.requests["get", info.QUERY] = self.answer_info
        self.requests["get", _ITEMS] = self.answer_items
        self.requests["get", "{urn:xmpp:ping}ping"] = _pong

    async def answer(self, request: Request) -> bytes | None:
        """Do what somebody asks of the service's nodes."""
        type_ = request.stanza.type or ""
        return await carry_out(self.engine, self.place, request.from_, type_, request.payload)

    def message(self, stanza: Stanza, session: Session | None) -> Awaitable[None] | None:
        """An owner's answer to a request for a subscription (§8.6), or news that came back."""
        if stanza.type == "error":
            return self._returned(stanza)
        decision = approval.parse_decision(stanza.element)
        if decision is not None:
            return self._decide(stanza, decision)
        if approval.is_cancelled(stanza.element):
            return None
        return super().message(stanza, session)

    def _returned(self, stanza: Stanza) -> Awaitable[None] | None:
        """A notification could not be delivered (§12.4).

        Only who is gone for good loses the subscription: servers say service-unavailable of
        somebody who is merely offline, and remote-server-not-found of one that is down.
        """
        node = self.engine.recent.get(stanza.id or "")
        if node is None or not _is_gone(stanza):
            return None
        return drop(self.engine, self.place, node, stanza.from_)

    async def _decide(self, stanza: Stanza, decision: approval.Decision) -> None:
        try:
            await decide(self.engine, self.place, stanza.from_, decision)
        except StanzaError as refusal:
            self.host.refuse(stanza, refusal)

    async def answer_info(self, request: Request) -> bytes:
        """What the service, or one of its nodes, says of itself (§5.1, §5.3)."""
        node = request.payload.get("node")
        if node:
            found = await discovery.node_info(self.engine, self.place, node, request.from_)
            return info.build(found, node)
        features = (
            info.NS,
            _ITEMS_NS,
            rsm.NS,
            "urn:xmpp:ping",
            *discovery.shared_features(self.place),
        )
        identity = info.Identity("pubsub", "service", name="Publish-Subscribe")
        return info.build(info.Info((identity,), tuple(sorted(features))))

    async def answer_items(self, request: Request) -> bytes:
        """The nodes of the service, or the items of one of them (§5.2, §5.5)."""
        node = request.payload.get("node")
        if node:
            items = await discovery.node_items(self.engine, self.place, node, request.from_)
            return build_items(items, node)
        page = rsm.parse(request.payload)
        found, notation = await discovery.nodes(self.engine, self.place, request.from_, page)
        return build_items(found, notation=notation)


def _is_gone(stanza: Stanza) -> bool:
    error = stanza.payloads.get("{jabber:client}error")
    return error is not None and any(child.tag in _GONE for child in error)


def _pong(request: Request) -> None:
    """An empty result (XEP-0199 §4.2)."""
