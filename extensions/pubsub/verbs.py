"""Which element of a request is carried out by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub import (
    affiliations,
    errors,
    lifecycle,
    managing,
    publishing,
    retrieving,
    subscribers,
    subscribing,
)  # fmt: skip
from extensions.pubsub.engine import Call
from extensions.pubsub.payloads import NS, NS_OWNER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from extensions.pubsub.engine import Engine
    from extensions.pubsub.place import Place
    from server.element import Element
    from server.jid import JID

    Verb = Callable[[Call], Awaitable[bytes | None]]

VERBS: Final[Mapping[tuple[str, str], Verb]] = {
    ("set", f"{{{NS}}}publish"): publishing.publish,
    ("set", f"{{{NS}}}retract"): publishing.retract,
    ("set", f"{{{NS}}}create"): lifecycle.create,
    ("set", f"{{{NS}}}subscribe"): subscribing.subscribe,
    ("set", f"{{{NS}}}unsubscribe"): subscribing.unsubscribe,
    ("set", f"{{{NS}}}options"): subscribing.set_options,
    ("get", f"{{{NS}}}options"): subscribing.get_options,
    ("get", f"{{{NS}}}default"): subscribing.get_default,
    ("get", f"{{{NS}}}subscriptions"): subscribing.subscriptions,
    ("get", f"{{{NS}}}affiliations"): subscribing.affiliations,
    ("get", f"{{{NS}}}items"): retrieving.items,
    ("get", f"{{{NS_OWNER}}}configure"): managing.get_configuration,
    ("set", f"{{{NS_OWNER}}}configure"): managing.set_configuration,
    ("get", f"{{{NS_OWNER}}}default"): managing.get_default,
    ("get", f"{{{NS_OWNER}}}affiliations"): affiliations.get_affiliations,
    ("set", f"{{{NS_OWNER}}}affiliations"): affiliations.set_affiliations,
    ("get", f"{{{NS_OWNER}}}subscriptions"): subscribers.get_subscriptions,
    ("set", f"{{{NS_OWNER}}}subscriptions"): subscribers.set_subscriptions,
    ("set", f"{{{NS_OWNER}}}delete"): lifecycle.delete,
    ("set", f"{{{NS_OWNER}}}purge"): lifecycle.purge,
}


#: What stands beside a verb and "MUST follow" it (§8.1.3).
_SECOND: Final = (f"{{{NS}}}configure", f"{{{NS}}}publish-options")


async def carry_out(
    engine: Engine, place: Place, who: JID, type_: str, root: Element
) -> bytes | None:
    """Do what a request asks for; its verb is its first child."""
    child = next((child for child in root if isinstance(child.tag, str)), None)
    if child is None:
        raise errors.Malformed
    verb = VERBS.get((type_, child.tag))
    if verb is None and child.tag in _SECOND:
        raise errors.Malformed("This follows what it belongs to")
    if verb is None:
        name = child.tag.rpartition("}")[2]
        raise errors.Unsupported(name[:64], f"There is no {name[:64]} here")
    return await verb(Call(engine, place, who, child, root))
