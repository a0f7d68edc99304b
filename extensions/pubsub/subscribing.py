"""Subscribe, unsubscribe, options, and lists of one's own (XEP-0060 §5.6 to §6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub import approval, errors, options, payloads, rules, store
from extensions.pubsub.configuration import NEVER
from extensions.pubsub.events import send_all
from extensions.pubsub.nodes import Subscription
from extensions.pubsub.options import DEFAULT, Options
from extensions.pubsub.terms import State
from server.element import escape, to_bytes

if TYPE_CHECKING:
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.place import Place
    from server.element import Element
    from server.jid import JID
    from server.storage.insert import Step

#: So many addresses of one person may be subscribed to a node.
PER_PERSON: Final = 20
#: One part in so many of a node's subscriptions may be of one foreign domain: nobody can make up
#: people until there is no room for others.
SHARES: Final = 10


async def subscribe(call: Call) -> bytes:
    """Subscribe an address of one's own (§6.1)."""
    jid = payloads.jid_of(call.verb)
    # "the service MUST at a minimum check the bare JID portion" (§6.1.3.1)
    if jid is None or jid.bare != call.who.bare:
        raise errors.InvalidJID
    wanted = _options_beside(call)
    async with call.turn():
        node, standing = await call.known()
        if not node.config.subscribe:
            raise errors.Unsupported("subscribe", "This node takes no subscriptions")
        refusal = rules.refuse_access(node.config, standing)
        if refusal is not None:
            raise refusal
        before = _current(call, node, jid)
        if before is None:
            ended = _make_room(call, node, jid)
            state = rules.first_state(node.config, standing)
        elif before.state is State.PENDING:
            raise errors.PendingSubscription
        else:
            # Also one that an owner has made, and that is his own now.
            ended, state = [], State.SUBSCRIBED
        options_ = wanted or (DEFAULT if before is None else before.options)
        subscription = Subscription(jid, state, options_)
        await save(call.engine, node, *ended, subscription)
    if before is None or before.state is not state:
        await _begun(call.engine, call.place, node, subscription)
    answer = payloads.build_subscription(node.name, jid, subscription.state)
    if wanted is not None:
        answer += _options_element(subscription, None)
    return payloads.pubsub(answer)


def _current(call: Call, node: Node, jid: JID) -> Subscription | None:
    """The subscription of an address; one whose lease has ended is none (§12.19)."""
    found = node.subscriptions.get(jid)
    is_over = found is not None and found.options.is_over(call.engine.now_ms())
    return None if is_over else found


def _make_room(call: Call, node: Node, jid: JID) -> list[Subscription]:
    """The subscriptions that make room for another one: those whose lease has ended."""
    most = call.engine.section.subscriptions_per_node
    share = most // SHARES
    if jid.domain not in call.engine.server.hosts and len(node.subscriptions) >= share:
        taken = sum(each.jid.domain == jid.domain for each in node.subscriptions.values())
        if taken >= share:
            raise errors.TooManySubscriptions
    if len(node.subscriptions) < most and len(node.of(jid.bare)) < PER_PERSON:
        return []
    now = call.engine.now_ms()
    over = [each for each in node.subscriptions.values() if each.options.is_over(now)]
    own = [each for each in node.of(jid.bare) if not each.options.is_over(now)]
    if len(node.subscriptions) - len(over) >= most or len(own) >= PER_PERSON:
        raise errors.TooManySubscriptions
    return [Subscription(each.jid, State.NONE, DEFAULT) for each in over if each.jid != jid]


def _options_beside(call: Call) -> Options | None:
    """Options in the same request (§6.3.7)."""
    element = call.root.find(payloads.tag("options"))
    if element is None:
        return None
    if element.get("node") is not None or element.get("jid") is not None:
        raise errors.Malformed("The options follow the subscription they belong to")
    return options.parse(element)


async def save(engine: Engine, node: Node, *subscriptions: Subscription) -> None:
    """Store subscriptions, or that they have ended, within a turn."""
    steps: list[Step] = []
    for each in subscriptions:
        steps += store.subscribe(node.id, each.jid, each.jid.bare, each.state, each.options.dump())
    await engine.write(steps)
    for each in subscriptions:
        node.put(each)
    engine.nodes.changed(node)


async def _begun(engine: Engine, place: Place, node: Node, subscription: Subscription) -> None:
    """What follows a new subscription: the owners are asked, or the last item is sent."""
    if subscription.state is State.PENDING:
        approval.ask_owners(engine, place, node, subscription.jid)
        return
    await send_last(engine, place, node, subscription.jid)
    if node.config.notify_sub:
        approval.tell_owners(engine, place, node, subscription)


async def send_last(engine: Engine, place: Place, node: Node, to: JID) -> None:
    """Send the last published item to a new subscriber (§6.1.7)."""
    config = node.config
    if config.send_last_published_item == NEVER or not config.deliver_notifications:
        return
    item = await engine.last_item(node) if config.persist_items else node.last
    if item is not None:
        send_all(engine.server, engine.last_published(place.jid, node, item), (to,))


async def unsubscribe(call: Call) -> bytes:
    """End a subscription (§6.2).

    Whoever is subscribed can always leave, also a node that he may not know of any more.
    """
    jid = payloads.jid_of(call.verb)
    if jid is None:
        raise errors.JIDRequired
    async with call.turn():
        node = await call.engine.node(call.place, call.name)
        if node is None or jid.bare != call.who.bare or jid not in node.subscriptions:
            node, _ = await call.known()
            if jid.bare != call.who.bare:
                raise errors.Forbidden("You can only unsubscribe yourself")
            raise errors.NotSubscribed
        ended = Subscription(jid, State.NONE, DEFAULT)
        await save(call.engine, node, ended)
    if node.config.notify_sub:
        approval.tell_owners(call.engine, call.place, node, ended)
    return payloads.pubsub(payloads.build_subscription(node.name, jid, State.NONE))


async def drop(engine: Engine, place: Place, name: str, who: JID) -> None:
    """End the subscription of an address that is gone (§12.4)."""
    async with engine.turn(place, name):
        node = await engine.node(place, name)
        for jid in (who, who.bare):
            if node is not None and jid in node.subscriptions:
                await save(engine, node, Subscription(jid, State.NONE, DEFAULT))
                return


# -- options --


async def get_options(call: Call) -> bytes:
    """The options of a subscription, as a form (§6.3.2)."""
    node, subscription = await _own_subscription(call)
    return payloads.pubsub(_options_element(subscription, node.name))


async def set_options(call: Call) -> None:
    """Change the options of a subscription (§6.3.5)."""
    async with call.turn():
        node, subscription = await _own_subscription(call)
        wanted = options.parse(call.verb, subscription.options)
        state = subscription.state
        if state is State.UNCONFIGURED:
            state = State.SUBSCRIBED  # now it is configured (§4.2)
        await save(call.engine, node, Subscription(subscription.jid, state, wanted))


async def _own_subscription(call: Call) -> tuple[Node, Subscription]:
    jid = payloads.jid_of(call.verb)
    if jid is None:
        raise errors.JIDRequired
    node, _ = await call.known()
    if jid.bare != call.who.bare:
        raise errors.Forbidden("These are the options of somebody else")
    found = node.subscriptions.get(jid)
    if found is None:
        raise errors.NoOptions
    return node, found


def _options_element(subscription: Subscription, node: str | None) -> bytes:
    form = to_bytes(options.build(subscription.options, "result" if node is None else "form"))
    if node is None:
        return b"<options>%s</options>" % form
    return b"<options node='%s' jid='%s'>%s</options>" % (
        escape(node), subscription.jid.wire, form,
    )  # fmt: skip


async def get_default(call: Call) -> bytes:
    """The options a subscription has at first (§6.4)."""
    named = b" node='%s'" % escape(call.name) if call.name else b""
    if call.name:
        await call.known()
    form: Element = options.build(DEFAULT, "result")
    return payloads.pubsub(b"<default%s>%s</default>" % (named, to_bytes(form)))


# -- lists --


async def subscriptions(call: Call) -> bytes:
    """One's subscriptions here, of all nodes or of one (§5.6); ended leases are none."""
    place, bare, name = call.place, call.who.bare, call.name
    now = call.engine.now_ms()
    if name:
        node, _ = await call.known()
        live = [each for each in node.of(bare) if not each.options.is_over(now)]
        found = [(name, each.jid.wire, each.state) for each in live]
    else:
        rows = await store.subscribed(
            call.engine.database, bare, place.account, place.service, payloads.LISTED
        )
        found = [
            (of, escape(jid), State(state))
            for of, jid, state, leased in rows
            if not Options.load(leased).is_over(now)
        ]
    entries = [
        b"<subscription node='%s' jid='%s' subscription='%s'/>" % (escape(of), jid, state.encode())
        for of, jid, state in found
    ]
    return payloads.pubsub(payloads.build_list("subscriptions", name, entries))


async def affiliations(call: Call) -> bytes:
    """What one is to the nodes here, to all or to one (§5.7)."""
    place, bare, name = call.place, call.who.bare, call.name
    db = call.engine.database
    if name:
        node, standing = await call.known()
        found = [(node.name, str(standing.affiliation))]
    elif bare == place.owner:
        most = call.engine.section.nodes_per_account
        nodes = await store.list_nodes(db, place.account, place.service, limit=most)
        found = [(node.name, "owner") for node in nodes]
    else:
        found = await store.affiliated(db, bare, place.account, place.service, payloads.LISTED)
    entries = [
        b"<affiliation node='%s' affiliation='%s'/>" % (escape(of), escape(each))
        for of, each in found
        if each != "none"
    ]
    # Each entry names its node, the list does not (§5.7).
    return payloads.pubsub(payloads.build_list("affiliations", "", entries))
