"""Up to where the user has read a chat, as the own devices tell one another (XEP-0490)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from server.jid import JID

NODE: Final = "urn:xmpp:mds:displayed:0"
_STANZA_ID: Final = "{urn:xmpp:sid:0}stanza-id"


def displayed_up_to(payload: bytes, owner: JID) -> int | None:
    """The number of the newest message that was read; None if it is not one of ours.

    "For all other chats the stanza-id child refers to the stanza-id injected by the user's server"
    (§4.2)
    """
    try:
        element = etree.fromstring(payload).find(_STANZA_ID)
    except etree.XMLSyntaxError:
        return None
    if element is None or element.get("by") != owner:
        return None
    try:
        return int(element.get("id", ""), 16)
    except ValueError:
        return None
