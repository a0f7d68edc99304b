"""Owners look after the subscribers of their nodes (XEP-0060 §8.6, §8.8).

Whoever is subscribed without having asked is told so, and is `unconfigured` (§4.2) until he says
that he wants to hear, by subscribing or by setting his options. So long users of this server hear
of items while they are there, but nothing waits for them; others hear nothing. Otherwise one
publication would become any number of messages to people who have never heard of the node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub import approval, errors, payloads, store, subscribing
from extensions.pubsub.nodes import Subscription
from extensions.pubsub.options import DEFAULT
from extensions.pubsub.terms import Affiliation, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.pubsub.approval import Decision
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.place import Place
    from server.element import Element
    from server.jid import JID
    from server.storage.insert import Step

_SUBSCRIPTION: Final = f"{{{payloads.NS_OWNER}}}subscription"

#: An owner subscribes others only while a node has fewer subscriptions than that.
GIVEN: Final = 1000
#: So many of other servers may be asked, at a node, and not have answered.
INVITED: Final = 100

_BARRED: Final = (Affiliation.OUTCAST, Affiliation.PUBLISH_ONLY)


async def get_subscriptions(call: Call) -> bytes:
    """Who is subscribed to a node; those who wait are not listed (§8.8.1.2)."""
    node = await call.owned()
    now = call.engine.now_ms()
    listed = [
        each
        for each in node.subscriptions.values()
        if each.state is not State.PENDING and not each.options.is_over(now)
    ]
    return payloads.pubsub(_build(node.name, listed), payloads.NS_OWNER)


def _build(name: str, subscriptions: Iterable[Subscription]) -> bytes:
    entries = [
        payloads.build_subscription("", each.jid, each.state, with_node=False)
        for each in subscriptions
    ]
    return payloads.build_list("subscriptions", name, entries)


async def set_subscriptions(call: Call) -> None:
    """Change subscriptions of others (§8.8.2).

    "Any <subscription/> elements which are not returned in an IQ error case MUST be treated as
    successful modifications" (§8.8.2.4): what can be done is done, and the rest is returned.
    """
    refused: list[Subscription] = []
    async with call.turn():
        node = await call.owned()
        wanted = _wanted(call, node, refused)
        _check_room(call, node, wanted)
        steps: list[Step] = []
        for each in wanted:
            steps += store.subscribe(
                node.id, each.jid, each.jid.bare, each.state, each.options.dump()
            )
        await call.engine.write(steps)
        for each in wanted:
            node.put(each)
        call.engine.nodes.changed(node)
    for each in wanted:
        approval.tell_subscriber(call.engine, call.place, node, each)
    if refused:
        raise errors.NotChanged(payloads.pubsub(_build(node.name, refused), payloads.NS_OWNER))


def _wanted(call: Call, node: Node, refused: list[Subscription]) -> list[Subscription]:
    """The subscriptions as they are to be; adds those that cannot be, as they are."""
    entries = call.verb.findall(_SUBSCRIPTION)
    if len(entries) > payloads.MOST:
        raise errors.Malformed("These are too many people")
    wanted: dict[JID, Subscription] = {}
    for entry in entries:
        jid = payloads.jid_of(entry)
        if jid is None:
            raise errors.Malformed("Whose subscription?")
        before = node.subscriptions.get(jid) or Subscription(jid, State.NONE, DEFAULT)
        state = _state(call, node, before, entry)
        if state is None:
            refused.append(before)
        elif state is not before.state:
            wanted[jid] = Subscription(jid, state, before.options)
    return list(wanted.values())


def _state(call: Call, node: Node, before: Subscription, entry: Element) -> State | None:
    """What becomes of one subscription; None if that cannot be."""
    text = entry.get("subscription")
    # "If the 'subscription' attribute is not specified …, then the value MUST NOT be changed"
    if text is None or text == before.state:
        return before.state
    if text == State.NONE:
        return State.NONE
    bare = before.jid.bare
    if text != State.SUBSCRIBED or node.affiliation(bare) in _BARRED:
        return None
    if before.state is State.PENDING:
        return State.SUBSCRIBED
    if before.state is State.NONE and len(node.of(bare)) >= subscribing.PER_PERSON:
        return None
    return State.UNCONFIGURED  # the rest is not for the owner to say


def _check_room(call: Call, node: Node, wanted: list[Subscription]) -> None:
    new = [each for each in wanted if each.jid not in node.subscriptions]
    most = min(GIVEN, call.engine.section.subscriptions_per_node)
    if new and len(node.subscriptions) + len(new) > most:
        raise errors.TooManySubscriptions("There are too many subscriptions to add to them")
    hosts = call.engine.server.hosts
    asked = sum(each.jid.domain not in hosts for each in new)
    if asked:
        open_ = sum(
            each.state is State.UNCONFIGURED and each.jid.domain not in hosts
            for each in node.subscriptions.values()
        )
        if open_ + asked > INVITED:
            raise errors.TooManySubscriptions("So many have not answered yet; wait for them")


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
