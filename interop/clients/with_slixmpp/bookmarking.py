"""Bookmarks with slixmpp, which has their elements but leaves what to do with them to others."""

# mypy: disable-error-code="arg-type, misc, no-untyped-call, union-attr"

import asyncio
from typing import Any

from interop.capabilities import Seen
from interop.clients.with_slixmpp.client import Client

NODE = "urn:xmpp:bookmarks:1"
_OPTIONS = {
    "pubsub#persist_items": "true",
    "pubsub#max_items": "max",
    "pubsub#send_last_published_item": "never",
    "pubsub#access_model": "whitelist",
}


def news(client: Client) -> "tuple[asyncio.Queue[str], asyncio.Queue[str]]":
    """Where the addresses arrive of rooms that other devices bookmark, and of those they forget."""
    published: asyncio.Queue[str] = asyncio.Queue()
    retracted: asyncio.Queue[str] = asyncio.Queue()
    client["xep_0060"].map_node_event(NODE, "bookmark")
    # COMPAT: slixmpp 1.17 notes interests for the address before a resource is bound to it.
    client.add_event_handler("session_start", lambda _: client["xep_0163"].add_interest(NODE))
    for event, queue in (("publish", published), ("retract", retracted)):
        client.add_event_handler(
            f"bookmark_{event}", lambda message, queue=queue: queue.put_nowait(_id(message))
        )
    return published, retracted


def _id(message: Any) -> str:
    """The id of the one item that a notification is about.

    COMPAT: slixmpp 1.17 is walking over the same element just now, and would begin anew.
    """
    (item,) = message["pubsub_event"]["items"].xml
    return str(item.get("id"))


async def publish(client: Client, bookmark: Seen) -> None:
    """Bookmark a room as XEP-0402 §3.2 wants it."""
    form = client["xep_0004"].make_form(ftype="submit")
    form.add_field("FORM_TYPE", "hidden", value="http://jabber.org/protocol/pubsub#publish-options")
    for name, value in _OPTIONS.items():
        form.add_field(name, value=value)
    element = client["xep_0402"].stanza.Conference()
    for name in ("name", "nick"):
        if bookmark[name]:
            element[name] = bookmark[name]
    element["autojoin"] = bookmark["autojoin"]
    await client["xep_0060"].publish(None, NODE, bookmark["jid"], element, form)


async def read(client: Client) -> list[Seen]:
    """The bookmarks as the server has them."""
    answer = await client["xep_0060"].get_items(None, NODE)
    return [
        {
            "jid": item["id"],
            **{name: item["conference"][name] for name in ("name", "nick", "autojoin")},
        }
        for item in answer["pubsub"]["items"]
    ]
