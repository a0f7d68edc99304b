"""Make, delete and empty nodes (XEP-0060 §8.1, §8.4, §8.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.payloads import forms
from extensions.pubsub import configuration, errors, payloads, rules, store
from extensions.pubsub.configuration import NODE_CONFIG
from extensions.pubsub.engine import News
from extensions.pubsub.nodes import Node
from extensions.pubsub.rows import FLAT
from extensions.pubsub.terms import Affiliation
from server.element import escape

if TYPE_CHECKING:
    from typing import Any

    from extensions.pubsub.configuration import NodeConfig
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.place import Place
    from server.jid import JID
    from server.storage.insert import Step


async def create(call: Call) -> bytes:
    """Make a node; an instant one, if none is named (§8.1)."""
    engine, place = call.engine, call.place
    if not place.is_open_for_nodes:
        raise errors.Unsupported("create-nodes", "Nobody makes nodes here")
    if not place.may_create(call.who.bare):
        raise errors.Forbidden("You may not make nodes here")
    name = call.name or engine.server.entropy.token(16)
    config = place.created(_asked_for(call), name)
    async with engine.turn(place, name):
        if await engine.node(place, name) is not None:
            raise errors.NodeExists
        node = new_node(engine, place, name, call.who, config)
        await engine.commit(place, node, steps_of_new(node), made=1)
        engine.nodes.changed(node)
    return payloads.pubsub(b"<create node='%s'/>" % escape(name))


def _asked_for(call: Call) -> dict[str, Any]:
    """The configuration in the same request (§8.1.3)."""
    configure = call.root.find(payloads.tag("configure"))
    if configure is None:
        return {}
    # "The <configure/> element MUST follow the <create/> element and MUST NOT possess a 'node'
    # attribute …; if any of these rules are violated, the service MUST return a <bad-request/>"
    if configure.get("node") is not None:
        raise errors.Malformed("The configuration belongs to the node that is made")
    form = forms.submission(configure, NODE_CONFIG)
    return {} if form is None else configuration.values_of(form)


def new_node(engine: Engine, place: Place, name: str, who: JID, config: NodeConfig) -> Node:
    """A node that is not stored yet."""
    node = Node(place.key(name), engine.next_number(), who.bare, config, place.owner)
    node.count, node.epoch = 0, engine.nodes.epoch
    if who.bare != place.owner:
        node.affiliations[who.bare] = Affiliation.OWNER
        node.bytes = FLAT
    return node


def steps_of_new(node: Node) -> list[Step]:
    """Store a new node, and whose it is."""
    config = configuration.dump(node.config)
    steps = store.create_node(
        node.id, *node.key, node.creator, config,
        bytes_=node.bytes, public=rules.is_public(node.config),
    )  # fmt: skip
    for jid, affiliation in node.affiliations.items():
        steps += store.affiliate(node.id, jid, affiliation)
    return steps


async def delete(call: Call) -> None:
    """Delete a node (§8.4)."""
    redirect = call.verb.find(f"{{{payloads.NS_OWNER}}}redirect")
    uri = "" if redirect is None else redirect.get("uri", "")
    if len(uri) > payloads.LONGEST * 4:
        raise errors.Malformed("The address of the new node is too long")
    async with call.turn():
        await delete_node(call.engine, call.place, await call.owned(), uri)


async def delete_node(engine: Engine, place: Place, node: Node, uri: str = "") -> None:
    """Delete a node, within a turn, and tell its subscribers, also those who wait (§8.4.2)."""
    news = News(place.jid, node.name)
    await engine.ask_guards(news)
    await engine.commit(place, node, store.delete_node(node.id), made=-1)
    engine.nodes.gone(node.key)
    redirect = b"<redirect uri='%s'/>" % escape(uri) if uri else b""
    content = b"<delete node='%s'>%s</delete>" % (escape(node.name), redirect)
    if node.config.notify_delete:
        await engine.notify(place, node, content, to_pending=True)
    engine.tell_watchers(news)


async def purge(call: Call) -> None:
    """Remove all items; subscribers are told once, not for each (§8.5)."""
    engine = call.engine
    async with call.turn():
        node, standing = await call.known()
        if not rules.may_purge(standing):
            raise errors.Forbidden
        if not node.config.persist_items:
            raise errors.Unsupported("persistent-items", "This node keeps no items")
        news = News(call.place.jid, node.name)
        await engine.ask_guards(news)
        people = len(node.affiliations) * FLAT
        await engine.commit(call.place, node, store.purge(node.id), people - node.bytes)
        node.count = 0
        engine.items_changed(node)
        if node.config.notify_retract:
            content = b"<purge node='%s'/>" % escape(node.name)
            await engine.notify(call.place, node, content)
    engine.tell_watchers(news)
