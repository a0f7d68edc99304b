"""Owners configure their nodes, and say who is what to them (XEP-0060 §8.2, §8.3, §8.6 to §8.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.payloads import forms
from extensions.pubsub import approval, configuration, errors, payloads, store, subscribing
from extensions.pubsub.configuration import NODE_CONFIG, NodeConfig
from extensions.pubsub.nodes import Subscription
from extensions.pubsub.options import DEFAULT
from extensions.pubsub.terms import Affiliation, State
from server.element import escape, to_bytes

if TYPE_CHECKING:
    from extensions.pubsub.approval import Decision
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.place import Place
    from server.element import Element
    from server.jid import JID
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
    growth, steps = await _surplus(engine, node, config)
    steps += store.configure_node(node.id, configuration.dump(config))
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


async def _surplus(engine: Engine, node: Node, config: NodeConfig) -> tuple[int, list[Step]]:
    """Remove what a smaller node has no room for; by how much it grows, and how."""
    if not config.persist_items:
        return len(node.affiliations) * store.FLAT - node.bytes, store.purge(node.id)
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


# -- affiliations --


async def get_affiliations(call: Call) -> bytes:
    """Who is what to a node (§8.9.1)."""
    node = await call.owned()
    people = dict.fromkeys(node.owners(), Affiliation.OWNER) | node.affiliations
    entries = [
        b"<affiliation jid='%s' affiliation='%s'/>" % (jid.wire, affiliation.encode())
        for jid, affiliation in people.items()
    ]
    return _owner(payloads.build_list("affiliations", node.name, entries))


async def set_affiliations(call: Call) -> None:
    """Change who is what to a node, all of it or nothing (§8.9.2)."""
    async with call.turn():
        node = await call.owned()
        wanted = _wanted_affiliations(call.verb)
        if node.owner is not None and wanted.get(node.owner, Affiliation.OWNER) != "owner":
            raise errors.NoOwnerLeft("An account owns its nodes")
        people = node.affiliations | wanted
        people = {jid: each for jid, each in people.items() if each is not Affiliation.NONE}
        # "an action which MUST NOT be allowed if there is only one owner" (§8.9.2.4)
        if node.owner is None and Affiliation.OWNER not in people.values():
            raise errors.NoOwnerLeft
        if len(people) > call.engine.section.subscriptions_per_node:
            raise errors.TooManySubscriptions("There are too many affiliations already")
        steps: list[Step] = []
        for jid, affiliation in wanted.items():
            steps += store.affiliate(node.id, jid, affiliation)
        ended: list[Subscription] = []
        steps += _follow(node, wanted, ended)
        growth = (len(people) - len(node.affiliations)) * store.FLAT
        await call.engine.commit(call.place, node, steps, growth)
        node.affiliations = people
        for subscription in ended:
            node.put(subscription)
        call.engine.nodes.changed(node)
    for subscription in ended:
        approval.tell_subscriber(call.engine, call.place, node, subscription)


def _wanted_affiliations(element: Element) -> dict[JID, Affiliation]:
    entries = element.findall(_AFFILIATION)
    if len(entries) > payloads.MOST:
        raise errors.Malformed("These are too many people")
    wanted: dict[JID, Affiliation] = {}
    for entry in entries:
        jid, text = payloads.jid_of(entry), entry.get("affiliation")
        if jid is None:
            raise errors.Malformed("Whose affiliation?")
        # "The owner MUST NOT specify multiple <affiliation/> elements for the same entity;
        # otherwise the service MUST return a <bad-request/> error" (§8.9.2.4)
        if jid.bare in wanted:
            raise errors.Malformed("One affiliation for each")
        if text is None:
            continue
        if text not in _AFFILIATIONS:
            raise errors.Unsupported(f"{text}-affiliation"[:64], "There is no such affiliation")
        # "All affiliations MUST be based on a bare JID" (§4.1)
        wanted[jid.bare] = Affiliation(text)
    return wanted


_AFFILIATIONS = frozenset(Affiliation)


def _follow(node: Node, wanted: dict[JID, Affiliation], changed: list[Subscription]) -> list[Step]:
    """What becomes of subscriptions (§8.7.4): outcasts lose theirs, insiders need not wait."""
    steps: list[Step] = []
    for bare, affiliation in wanted.items():
        for each in node.of(bare):
            if affiliation in (Affiliation.OUTCAST, Affiliation.PUBLISH_ONLY):
                state = State.NONE
            elif affiliation is not Affiliation.NONE and each.state is State.PENDING:
                state = State.SUBSCRIBED
            else:
                continue
            changed.append(Subscription(each.jid, state, each.options))
            steps += store.subscribe(node.id, each.jid, bare, state, each.options.dump())
    return steps


# -- subscriptions --


async def get_subscriptions(call: Call) -> bytes:
    """Who is subscribed to a node; those who wait are not listed (§8.8.1.2)."""
    node = await call.owned()
    entries = [
        payloads.build_subscription("", each.jid, each.state, with_node=False)
        for each in node.subscriptions.values()
        if each.state is State.SUBSCRIBED
    ]
    return _owner(payloads.build_list("subscriptions", node.name, entries))


async def set_subscriptions(call: Call) -> None:
    """Change subscriptions of others (§8.8.2)."""
    async with call.turn():
        node = await call.owned()
        wanted = _wanted_subscriptions(call, node)
        for subscription in wanted:
            await subscribing.save(call.engine, node, subscription)
    for subscription in wanted:
        approval.tell_subscriber(call.engine, call.place, node, subscription)


def _wanted_subscriptions(call: Call, node: Node) -> list[Subscription]:
    entries = call.verb.findall(_SUBSCRIPTION)
    if len(entries) > payloads.MOST:
        raise errors.Malformed("These are too many people")
    wanted: dict[JID, Subscription] = {}
    for entry in entries:
        jid, text = payloads.jid_of(entry), entry.get("subscription")
        if jid is None or text not in (None, *State):
            raise errors.Malformed("Which subscription, and how?")
        before = node.subscriptions.get(jid)
        if text is None or text == (State.NONE if before is None else before.state):
            continue
        wanted[jid] = Subscription(jid, State(text), DEFAULT if before is None else before.options)
    if len(node.subscriptions.keys() | wanted.keys()) > call.engine.section.subscriptions_per_node:
        raise errors.TooManySubscriptions
    return list(wanted.values())


async def decide(engine: Engine, place: Place, who: JID, decision: Decision) -> None:
    """An owner allows a subscription, or does not (§8.6)."""
    async with engine.turn(place, decision.node):
        node = await engine.owned(place, decision.node, who)
        before = node.subscriptions.get(decision.jid)
        if before is None or before.state is not State.PENDING:
            return
        state = State.SUBSCRIBED if decision.is_allowed else State.NONE
        subscription = Subscription(decision.jid, state, before.options)
        await subscribing.save(engine, node, subscription)
    approval.tell_subscriber(engine, place, node, subscription)
    if decision.is_allowed:
        await subscribing.send_last(engine, place, node, decision.jid)
