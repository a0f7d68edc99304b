"""Items of an account's nodes as somebody else may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.pubsub import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extensions.pubsub import PubSub
    from extensions.pubsub.store import ItemRow
    from server.jid import JID


async def may_read(pubsub: PubSub, owner: JID, name: str, who: JID) -> bool:
    """Whether there is such a node, and that address may retrieve its items."""
    place = await pubsub.place(owner)
    node = await pubsub.engine.node(place, name)
    if node is None:
        return False
    return rules.refuse_reading(node.config, await place.standing(node, who)) is None


async def visible_item(
    pubsub: PubSub, owner: JID, name: str, who: JID, ids: Sequence[str] = ()
) -> ItemRow | None:
    """The newest item, or the one that is named, if that address may retrieve it."""
    if not await may_read(pubsub, owner, name, who):
        return None
    found = await pubsub.items(owner, name, ids, limit=1)
    return found[-1] if found else None
