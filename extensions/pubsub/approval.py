"""Subscriptions that owners have to allow; what subscribers are told (XEP-0060 §8.6, §12.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.payloads import forms
from extensions.pubsub import payloads
from extensions.pubsub.events import Event, send_all
from server.element import NS_CLIENT, E
from server.errors import StanzaError
from server.stanza import Stanza

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.pubsub.engine import Engine
    from extensions.pubsub.nodes import Node, Subscription
    from extensions.pubsub.place import Place
    from server.element import Element
    from server.jid import JID

AUTHORIZATION: Final = "http://jabber.org/protocol/pubsub#subscribe_authorization"
#: So many owners are asked and told: nobody is made a multiplier of what strangers send.
MOST_OWNERS: Final = 20

_TITLE: Final = "Somebody wants to subscribe"
_HINT: Final = "Say whether this address may follow the node."


def ask_owners(engine: Engine, place: Place, node: Node, who: JID) -> None:
    """Send the owners a form (§8.6); if they are offline, it waits for them."""
    form = forms.Form(
        "form",
        forms.typed(
            AUTHORIZATION,
            forms.Field("pubsub#node", (node.name,), "text-single", "The node"),
            forms.Field("pubsub#subscriber_jid", (str(who),), "jid-single", "The subscriber"),
            forms.Field("pubsub#allow", ("false",), "boolean", "Allow it?"),
        ),
        _TITLE,
        _HINT,
    )
    body = f"{who} wants to subscribe to {node.name} at {place.jid}"
    for owner in node.owners()[:MOST_OWNERS]:
        element = E(
            f"{{{NS_CLIENT}}}message", {"id": engine.server.entropy.stanza_id()},
            E(f"{{{NS_CLIENT}}}body", None, body), forms.build(form),
        )  # fmt: skip
        engine.server.tell(engine.server.route, Stanza("message", element, owner, place.jid))


def tell_owners(engine: Engine, place: Place, node: Node, subscription: Subscription) -> None:
    """Tell owners who came or went (pubsub#notify_sub)."""
    _tell(engine, place, node, subscription, node.owners()[:MOST_OWNERS])


def tell_subscriber(engine: Engine, place: Place, node: Node, subscription: Subscription) -> None:
    """Tell somebody that his subscription has changed (§12.14)."""
    _tell(engine, place, node, subscription, (subscription.jid,))


def _tell(
    engine: Engine, place: Place, node: Node, subscription: Subscription, to: Iterable[JID]
) -> None:
    content = payloads.build_subscription(node.name, subscription.jid, subscription.state)
    event = Event(place.jid, engine.server.entropy.stanza_id(), content)
    send_all(engine.server, event, to)


class Decision:
    """An owner's answer: which node, whose subscription, yes or no."""

    __slots__ = ("is_allowed", "jid", "node")

    def __init__(self, node: str, jid: JID, is_allowed: bool) -> None:
        self.node = node
        self.jid = jid
        self.is_allowed = is_allowed


def _form(message: Element, type_: str) -> forms.Form | None:
    element = message.find(forms.X)
    if element is None:
        return None
    try:
        form = forms.parse(element)
        return form if form.type == type_ and form.form_type == AUTHORIZATION else None
    except StanzaError:
        return None


def is_cancelled(message: Element) -> bool:
    """Whether an owner does not want to decide: "the … request MUST remain" pending (§8.6)."""
    return _form(message, "cancel") is not None


def parse_decision(message: Element) -> Decision | None:
    """The answer in a message; None if it holds none, or a cancelled form (§8.6)."""
    form = _form(message, "submit")
    if form is None:
        return None
    try:
        node, jid, allowed = (
            form.value("pubsub#node"), form.jid("pubsub#subscriber_jid"), form.flag("pubsub#allow"),
        )  # fmt: skip
    except StanzaError:
        return None
    if not node or jid is None or allowed is None:
        return None
    return Decision(node, jid, allowed)
