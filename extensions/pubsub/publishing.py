"""Publish and retract items (XEP-0060 §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from extensions.pubsub import configuration, errors, payloads, rules, store
from extensions.pubsub.configuration import REJECT, RETRACT_OLDEST
from extensions.pubsub.engine import News
from extensions.pubsub.lifecycle import new_node, steps_of_new
from extensions.pubsub.managing import configure
from extensions.pubsub.rows import FLAT, Head, ItemRow
from extensions.pubsub.rules import Standing
from extensions.pubsub.terms import Affiliation
from server.element import escape

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
    preconditions = _preconditions(form, call.place.is_lenient(call.name))
    wish = Wish(call.name, payloads.parse_publication(call.verb), *preconditions)
    item = await publish_item(call.engine, call.place, wish, call.who)
    # "the IQ-result SHOULD include an empty <item/> element that specifies the ItemID" (§7.1.2)
    content = b"" if item is None else b"<item id='%s'/>" % escape(item.id)
    return payloads.pubsub(b"<publish node='%s'>%s</publish>" % (escape(call.name), content))


def _preconditions(form: forms.Form | None, lenient: bool) -> tuple[dict[str, Any], bool]:
    if form is None:
        return {}, False
    if lenient:
        return configuration.acceptable_in(form), False
    return configuration.values_of(form), bool(configuration.unknown_in(form))


@dataclass(slots=True)
class Plan:
    """What a publication comes to, before any of it is done."""

    node: Node
    is_new: bool
    item: ItemRow | None = None
    steps: list[Step] = field(default_factory=list)
    count: int | None = None  # of items afterwards
    growth: int = 0
    removed: list[str] = field(default_factory=list)  # whose end is told


async def publish_item(
    engine: Engine, place: Place, wish: Wish, who: JID, *, notify: bool = True
) -> ItemRow | None:
    """Publish; gives the item as it is stored. It is on disk when this returns."""
    async with engine.turn(place, wish.name):
        plan = await _plan(engine, place, wish, who)
        node, item = plan.node, plan.item
        await engine.commit(place, node, plan.steps, plan.growth, made=int(plan.is_new))
        node.count = plan.count
        node.last = None if node.config.persist_items else item
        engine.items_changed(node)
        if notify:
            await _tell(engine, place, plan)
    engine.tell_watchers(News(place.jid, node.name, item))
    return item


async def _plan(engine: Engine, place: Place, wish: Wish, who: JID) -> Plan:
    plan = await _node_for(engine, place, wish, who)
    node = plan.node
    plan.item = item = _item_for(engine, node, wish, who)
    if item is None:
        return plan
    await engine.ask_guards(News(place.jid, node.name, item))
    if node.config.persist_items:
        await _make_room(engine, plan, item, await _standing(place, node, wish, who))
        plan.steps += store.save_item(node.id, item)
        plan.growth += len(item.payload) + FLAT
    return plan


async def _standing(place: Place, node: Node, wish: Wish, who: JID) -> Standing:
    return _OWNER if wish.is_ours else await place.standing(node, who)


async def _node_for(engine: Engine, place: Place, wish: Wish, who: JID) -> Plan:
    """The node to publish to, made or configured anew if need be (§7.1.4, §7.1.5)."""
    node = await engine.node(place, wish.name)
    lenient = place.is_lenient(wish.name)
    if node is None:
        if not place.creates_on_publish and not wish.is_ours:
            raise errors.NodeNotFound
        if not place.may_create(who.bare) and not wish.is_ours:
            raise errors.Forbidden
        if wish.unknown:
            raise errors.PreconditionNotMet
        node = new_node(engine, place, wish.name, who, place.created(wish.values, wish.name))
        return Plan(node, is_new=True, steps=steps_of_new(node), count=0)
    standing = await _standing(place, node, wish, who)
    if not rules.may_publish(node.config, standing):
        raise errors.Forbidden
    if lenient and standing.is_owner:
        # A node becomes what its publisher expects it to be.
        await configure(engine, place, node, configuration.changed(node.config, wish.values))
    elif wish.unknown or configuration.unmet(
        node.config, wish.values, engine.section.items_per_node
    ):
        raise errors.PreconditionNotMet
    return Plan(node, is_new=False, count=node.count)


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


async def _make_room(engine: Engine, plan: Plan, item: ItemRow, standing: Standing) -> None:
    """Plan what has to go so that the item has room (§7.1.2.5)."""
    db, node, config = engine.database, plan.node, plan.node.config
    count = await store.count_items(db, node.id) if plan.count is None else plan.count
    since = engine.since(node)
    if since:
        expired, weight = await store.weight_before(db, node.id, since)
        if expired:
            plan.steps += store.remove_up_to(node.id, since - 1)
            plan.growth -= weight
            count -= expired
    head = await store.item_head(db, node.id, item.id) if count else None
    if head is not None and head.seq >= since:
        if not rules.may_replace(standing, is_own=head.publisher == item.publisher):
            raise errors.Forbidden("This item is somebody else's")
        plan.growth -= head.weight
        plan.count = count
        return
    most = config.limit(engine.section.items_per_node)
    plan.count = min(count + 1, most)
    if count < most:
        return
    if config.publish_node_full == REJECT:
        raise errors.NodeFull
    excess = await store.oldest_items(db, node.id, since, count + 1 - most)
    plan.growth -= sum(head.weight for head in excess)
    if excess:
        plan.steps += store.remove_up_to(node.id, excess[-1].seq)
    if config.publish_node_full == RETRACT_OLDEST:
        plan.removed += [head.id for head in excess]


async def _tell(engine: Engine, place: Place, plan: Plan) -> None:
    node, item = plan.node, plan.item
    if plan.removed and node.config.notify_retract:
        await engine.notify(place, node, payloads.build_retractions(node.name, plan.removed))
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
        heads = await _retractable(call, node, standing, ids)
        await retract_items(
            call.engine, call.place, node, heads,
            notify=node.config.notify_retract if notify is None else payloads.flag(notify),
        )  # fmt: skip


async def _retractable(
    call: Call, node: Node, standing: Standing, ids: list[str]
) -> dict[str, Head]:
    if not node.config.persist_items:
        raise errors.Unsupported("persistent-items", "This node keeps no items")
    if not rules.may_publish(node.config, standing):
        raise errors.Forbidden
    unique = list(dict.fromkeys(ids))
    heads = await store.item_heads(call.engine.database, node.id, unique)
    # "If the service cannot process any one of the items …, the entire batch MUST fail" (§12.11)
    if len(heads) < len(unique):
        raise errors.ItemNotFound
    if not all(
        rules.may_replace(standing, each.publisher == call.who.bare) for each in heads.values()
    ):
        raise errors.Forbidden("This item is somebody else's")
    return {name: heads[name] for name in unique}


async def retract_items(
    engine: Engine, place: Place, node: Node, heads: dict[str, Head], *, notify: bool
) -> None:
    """Delete items that are there, within a turn."""
    news = News(place.jid, node.name, retracted=tuple(heads))
    await engine.ask_guards(news)
    growth = -sum(head.weight for head in heads.values())
    await engine.commit(place, node, store.remove_items(node.id, list(heads)), growth)
    if node.count is not None:
        node.count -= len(heads)
    engine.items_changed(node)
    if notify:
        await engine.notify(place, node, payloads.build_retractions(node.name, heads))
    engine.tell_watchers(news)
