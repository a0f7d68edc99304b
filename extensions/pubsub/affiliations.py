"""Owners say who is what to their nodes (XEP-0060 §8.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub import approval, errors, payloads, rules, store
from extensions.pubsub.nodes import Subscription
from extensions.pubsub.rows import FLAT
from extensions.pubsub.terms import Affiliation, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extensions.pubsub.engine import Call
    from extensions.pubsub.nodes import Node
    from server.element import Element
    from server.jid import JID
    from server.storage.insert import Step

_AFFILIATION: Final = f"{{{payloads.NS_OWNER}}}affiliation"
_KNOWN: Final = frozenset(Affiliation)


async def get_affiliations(call: Call) -> bytes:
    """Who is what to a node (§8.9.1)."""
    node = await call.owned()
    return payloads.pubsub(_build(node.name, _people(node)), payloads.NS_OWNER)


def _people(node: Node) -> dict[JID, Affiliation]:
    return dict.fromkeys(node.owners(), Affiliation.OWNER) | node.affiliations


def _build(name: str, people: Mapping[JID, Affiliation]) -> bytes:
    entries = [
        b"<affiliation jid='%s' affiliation='%s'/>" % (jid.wire, affiliation.encode())
        for jid, affiliation in people.items()
    ]
    return payloads.build_list("affiliations", name, entries)


async def set_affiliations(call: Call) -> None:
    """Change who is what to a node (§8.9.2).

    "Any … elements which are not returned in an IQ error case MUST be treated as successful
    modifications" (§8.9.2.4): what can be done is done, and the rest is returned.
    """
    async with call.turn():
        node = await call.owned()
        wanted = _parse(call.verb)
        refused = rules.refused_changes(_people(node), wanted, keeps=node.owner)
        wanted = {jid: each for jid, each in wanted.items() if jid not in refused}
        ended = await _change(call, node, wanted)
    for subscription in ended:
        approval.tell_subscriber(call.engine, call.place, node, subscription)
    if refused:
        # "Returned entities which failed to be modified MUST include the existing 'affiliation'"
        raise errors.NotChanged(payloads.pubsub(_build(node.name, refused), payloads.NS_OWNER))


async def _change(call: Call, node: Node, wanted: dict[JID, Affiliation]) -> list[Subscription]:
    """Store it; gives the subscriptions that change with it."""
    people = node.affiliations | wanted
    people = {jid: each for jid, each in people.items() if each is not Affiliation.NONE}
    if len(people) > call.engine.section.subscriptions_per_node:
        raise errors.TooManySubscriptions("There are too many affiliations already")
    steps: list[Step] = []
    for jid, affiliation in wanted.items():
        steps += store.affiliate(node.id, jid, affiliation)
    ended: list[Subscription] = []
    steps += _follow(node, wanted, ended)
    growth = (len(people) - len(node.affiliations)) * FLAT
    await call.engine.commit(call.place, node, steps, growth)
    node.affiliations = people
    for subscription in ended:
        node.put(subscription)
    call.engine.nodes.changed(node)
    return ended


def _parse(element: Element) -> dict[JID, Affiliation]:
    entries = element.findall(_AFFILIATION)
    if len(entries) > payloads.MOST:
        raise errors.Malformed("These are too many people")
    wanted: dict[JID, Affiliation] = {}
    seen: set[JID] = set()
    for entry in entries:
        jid, text = payloads.jid_of(entry), entry.get("affiliation")
        if jid is None:
            raise errors.Malformed("Whose affiliation?")
        # "The owner MUST NOT specify multiple <affiliation/> elements for the same entity;
        # otherwise the service MUST return a <bad-request/> error" (§8.9.2.4)
        if jid.bare in seen:
            raise errors.Malformed("One affiliation for each")
        seen.add(jid.bare)
        if text is None:
            continue
        if text not in _KNOWN:
            raise errors.Unsupported(f"{text}-affiliation"[:64], "There is no such affiliation")
        # "All affiliations MUST be based on a bare JID" (§4.1)
        wanted[jid.bare] = Affiliation(text)
    return wanted


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
