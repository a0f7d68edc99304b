"""Owners configure their nodes (XEP-0060 §8.2, §8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.payloads import forms
from extensions.pubsub import configuration, errors, payloads, rules, store
from extensions.pubsub.configuration import NODE_CONFIG, ON_PRESENCE, NodeConfig
from extensions.pubsub.rows import FLAT
from server.element import escape, to_bytes

if TYPE_CHECKING:
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.place import Place
    from server.element import Element
    from server.session import Session
    from server.storage.insert import Step

_AFFILIATION = f"{{{payloads.NS_OWNER}}}affiliation"
_SUBSCRIPTION = f"{{{payloads.NS_OWNER}}}subscription"


# -- configuration --


async def get_configuration(call: Call) -> bytes:
    """The configuration as a form (§8.2.1)."""
    node = await call.owned()
    form = to_bytes(configuration.build_form(node.config))
    return _owner(b"<configure node='%s'>%s</configure>" % (escape(node.name), form))


async def set_configuration(call: Call) -> None:
    """Take a form filled in (§8.2.4); "the rules of XEP-0004 for incomplete submission" apply."""
    values = _submitted(call.verb)
    async with call.turn():
        node = await call.owned()
        if values is not None:
            wanted = configuration.changed(node.config, values)
            await configure(call.engine, call.place, node, wanted)


def _submitted(configure_: Element) -> dict[str, object] | None:
    element = configure_.find(forms.X)
    if element is None:
        raise errors.Malformed("The configuration comes in a form")
    if element.get("type") == "cancel":
        return None  # "the existing configuration MUST be applied" (§8.2.4)
    form = forms.submission(configure_, NODE_CONFIG)
    return {} if form is None else configuration.values_of(form)


async def configure(engine: Engine, place: Place, node: Node, wanted: NodeConfig) -> None:
    """Change the configuration of a node, within a turn."""
    config = place.settled(node.name, wanted)
    if config == node.config:
        return
    opens = _opens(node.config, config)
    before = set(place.interested(node)) if opens else set()
    growth, steps = await _surplus(engine, node, config)
    public = rules.is_public(config)
    steps += store.configure_node(node.id, configuration.dump(config), public=public)
    await engine.commit(place, node, steps, growth)
    node.config = config
    if growth:
        node.count = None
    engine.items_changed(node)
    if config.notify_config:
        form = to_bytes(configuration.build_form(config, "result"))
        content = b"<configuration node='%s'>%s</configuration>" % (
            escape(node.name), form if config.deliver_payloads else b"",
        )  # fmt: skip
        await engine.notify(place, node, content)
    if opens:
        await _welcome(engine, place, node, before)


def _opens(before: NodeConfig, after: NodeConfig) -> bool:
    """Whether somebody may have access who had none."""
    return (before.access_model, before.roster_groups_allowed) != (
        after.access_model, after.roster_groups_allowed,
    )  # fmt: skip


async def _welcome(engine: Engine, place: Place, node: Node, before: set[Session]) -> None:
    """Send the last item to whoever "gains access to the node because of a change" (§12.2)."""
    config = node.config
    if config.send_last_published_item != ON_PRESENCE or not config.persist_items:
        return
    item = await engine.last_item(node)
    if item is None or not config.deliver_notifications:
        return
    event = engine.last_published(place.jid, node, item)
    for session in place.interested(node):
        if session not in before:
            session.send(event.wire(session.jid))


async def _surplus(engine: Engine, node: Node, config: NodeConfig) -> tuple[int, list[Step]]:
    """Remove what a smaller node has no room for; by how much it grows, and how."""
    if not config.persist_items:
        return len(node.affiliations) * FLAT - node.bytes, store.purge(node.id)
    most = config.limit(engine.section.items_per_node)
    if most >= node.config.limit(engine.section.items_per_node):
        return 0, []
    excess = await store.count_items(engine.database, node.id) - most
    if excess <= 0:
        return 0, []
    oldest = await store.oldest_items(engine.database, node.id, 0, excess)
    return -sum(head.weight for head in oldest), store.remove_up_to(node.id, oldest[-1].seq)


async def get_default(call: Call) -> bytes:
    """How a new node is configured (§8.3)."""
    if call.verb.get("type", "leaf") != "leaf":
        raise errors.Unsupported("collections", "There are no collections here")
    form = to_bytes(configuration.build_form(call.place.defaults("")))
    return _owner(b"<default>%s</default>" % form)


def _owner(content: bytes) -> bytes:
    return payloads.pubsub(content, payloads.NS_OWNER)
