"""Publish and retract items (XEP-0060 §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from extensions.pubsub import configuration, errors, payloads, rules, store
from extensions.pubsub.configuration import REJECT, RETRACT_OLDEST
from extensions.pubsub.engine import News
from extensions.pubsub.lifecycle import new_node, steps_of_new
from extensions.pubsub.rules import Standing
from extensions.pubsub.store import ItemRow
from extensions.pubsub.terms import Affiliation
from server.element import escape
from server.errors import StanzaError

if TYPE_CHECKING:
    from extensions.payloads import forms
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.payloads import Publication
    from extensions.pubsub.place import Place
    from server.jid import JID
    from server.storage.insert import Step


_OWNER: Final = Standing(Affiliation.OWNER)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants published; `values` are preconditions, `unknown` those nobody knows.

    `is_ours`: another room of this server wants it, so it need not ask for leave.
    """

    name: str
    publication: Publication | None
    values: dict[str, Any]
    unknown: bool = False
    is_ours: bool = False


async def publish(call: Call) -> bytes:
    """Publish an item (§7.1)."""
    if not call.name:
        raise errors.NodeRequired
    form = payloads.parse_options(call.root)
    wish = Wish(call.name, payloads.parse_publication(call.verb), *_preconditions(form))
    item = await publish_item(call.engine, call.place, wish, call.who)
    # "the IQ-result SHOULD include an empty <item/> element that specifies the ItemID" (§7.1.2)
    content = b"" if item is None else b"<item id='%s'/>" % escape(item.id)
    return payloads.pubsub(b"<publish node='%s'>%s</publish>" % (escape(call.name), content))


def _preconditions(form: forms.Form | None) -> tuple[dict[str, Any], bool]:
    if form is None:
        return {}, False
    return configuration.values_of(form), bool(configuration.unknown_in(form))


async def publish_item(
    engine: Engine, place: Place, wish: Wish, who: JID, *, notify: bool = True
) -> ItemRow | None:
    """Publish; gives the item as it is stored. It is on disk when this returns."""
    async with engine.turn(place, wish.name):
        removed: list[str] = []
        try:
            node, steps = await _node_for(engine, place, wish, who)
            item = _item_for(engine, node, wish, who)
            if item is not None:
                await engine.ask_guards(News(place.jid, node.name, item))
                if node.config.persist_items:
                    standing = await _standing(place, node, wish, who)
                    steps += await _room_for(engine, node, item, standing, removed)
                    steps += store.save_item(node.id, item)
            await engine.write(steps)
        except StanzaError:
            engine.nodes.gone(place.key(wish.name))  # what was changed in memory is not so
            raise
        node.last = None if node.config.persist_items else item
        engine.nodes.changed(node)
        if notify:
            await _tell(engine, place, node, item, removed)
    engine.tell_watchers(News(place.jid, node.name, item))
    return item


async def _standing(place: Place, node: Node, wish: Wish, who: JID) -> Standing:
    return _OWNER if wish.is_ours else await place.standing(node, who)


async def _node_for(engine: Engine, place: Place, wish: Wish, who: JID) -> tuple[Node, list[Step]]:
    """The node to publish to, made or configured anew if need be (§7.1.4, §7.1.5)."""
    node = await engine.node(place, wish.name)
    lenient = place.is_lenient(wish.name)
    if node is None:
        if not place.creates_on_publish and not wish.is_ours:
            raise errors.NodeNotFound
        if not place.may_create(who.bare) and not wish.is_ours:
            raise errors.Forbidden
        if wish.unknown and not lenient:
            raise errors.PreconditionNotMet
        node = await new_node(engine, place, wish.name, who, place.created(wish.values, wish.name))
        return node, steps_of_new(node)
    standing = await _standing(place, node, wish, who)
    if not rules.may_publish(node.config, standing):
        raise errors.Forbidden
    if lenient and standing.is_owner:
        return node, _reconfigure(place, node, wish.values)
    most = engine.section.items_per_node
    if wish.unknown or configuration.unmet(node.config, wish.values, most):
        raise errors.PreconditionNotMet
    return node, []


def _reconfigure(place: Place, node: Node, values: dict[str, Any]) -> list[Step]:
    """Make a node what its publisher expects it to be."""
    config = place.settled(node.name, configuration.changed(node.config, values))
    if config == node.config:
        return []
    node.config = config
    return store.configure_node(node.id, configuration.dump(config))


def _item_for(engine: Engine, node: Node, wish: Wish, who: JID) -> ItemRow | None:
    """The item to store, if the node takes such a one (§7.1.3.6, §7.1.3.7)."""
    config, publication = node.config, wish.publication
    if publication is None:
        if config.persist_items or config.deliver_payloads:
            raise errors.ItemRequired
        return None
    if not config.persist_items and not config.deliver_payloads:
        raise errors.ItemForbidden
    if config.deliver_payloads and not publication.payload:
        raise errors.PayloadRequired
    if config.max_payload_size and len(publication.payload) > config.max_payload_size:
        raise errors.PayloadTooBig
    # "If an ItemID is not provided …, the pubsub service MUST generate one" (§7.1.1)
    name = publication.id or engine.server.entropy.token(16)
    return ItemRow(engine.next_number(), name, who.bare, publication.payload)


async def _room_for(
    engine: Engine, node: Node, item: ItemRow, standing: Standing, removed: list[str]
) -> list[Step]:
    """What has to go so that the item has room (§7.1.2.5); adds the names of what goes."""
    db, config = engine.database, node.config
    since = engine.since(node)
    expired = store.remove_up_to(node.id, since - 1) if since else []
    if node.count is None or since:
        node.count = await store.count_items(db, node.id, since)
    head = await store.item_head(db, node.id, item.id) if node.count else None
    if head is not None:
        if not rules.may_replace(standing, is_own=head[1] == item.publisher):
            raise errors.Forbidden("This item is somebody else's")
        return expired
    most = config.limit(engine.section.items_per_node)
    if node.count < most:
        node.count += 1
        return expired
    if config.publish_node_full == REJECT:
        raise errors.NodeFull
    excess = await store.item_ids(db, node.id, since, node.count + 1 - most)
    node.count = most
    if config.publish_node_full == RETRACT_OLDEST:
        removed += [name for name, _ in excess]
    return store.remove_up_to(node.id, excess[-1][1]) if excess else []


async def _tell(
    engine: Engine, place: Place, node: Node, item: ItemRow | None, removed: list[str]
) -> None:
    if removed and node.config.notify_retract:
        await engine.notify(place, node, payloads.build_retractions(node.name, removed))
    content = b"" if item is None else engine.shown(node, item)
    await engine.notify(place, node, payloads.build_items(node.name, content))


# -- retracting --


async def retract(call: Call) -> None:
    """Delete items (§7.2)."""
    ids = payloads.parse_ids(call.verb)
    notify = call.verb.get("notify")
    async with call.turn():
        node, standing = await call.known()
        if not ids:
            raise errors.ItemRequired
        await _check_retraction(call, node, standing, ids)
        await retract_items(
            call.engine, call.place, node, ids,
            notify=node.config.notify_retract if notify is None else payloads.flag(notify),
        )  # fmt: skip


async def _check_retraction(call: Call, node: Node, standing: Standing, ids: list[str]) -> None:
    if not node.config.persist_items:
        raise errors.Unsupported("persistent-items", "This node keeps no items")
    if not rules.may_publish(node.config, standing):
        raise errors.Forbidden
    for name in ids:
        head = await store.item_head(call.engine.database, node.id, name)
        if head is None:
            raise errors.ItemNotFound
        if not rules.may_replace(standing, is_own=head[1] == call.who.bare):
            raise errors.Forbidden("This item is somebody else's")


async def retract_items(
    engine: Engine, place: Place, node: Node, ids: list[str], *, notify: bool
) -> None:
    """Delete items that are there, within a turn."""
    unique = list(dict.fromkeys(ids))
    news = News(place.jid, node.name, retracted=tuple(unique))
    await engine.ask_guards(news)
    await engine.write(store.remove_items(node.id, unique))
    if node.count is not None:
        node.count = max(node.count - len(unique), 0)
    engine.nodes.changed(node)
    if notify:
        await engine.notify(place, node, payloads.build_retractions(node.name, unique))
    engine.tell_watchers(news)
