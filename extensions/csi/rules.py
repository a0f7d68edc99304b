"""What can wait while nobody looks at the screen (XEP-0352 §3.2); pure decisions about bytes.

Stanzas come here serialised, as they are about to be sent; only short ones that look like typing
notifications are parsed.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

#: Longest message that is looked into.
_LIMIT: Final = 4096

_CHAT_STATES: Final = "http://jabber.org/protocol/chatstates"
_NS_CHAT_STATES: Final = _CHAT_STATES.encode()

#: Types of presence that only say how somebody is; the others want an answer or are one.
_NEWS: Final = (b"", b"unavailable")

#: A room's own words about the user: joined, renamed, removed (XEP-0045 §7.2.3, §9.1).
_ROOM_STATUS: Final = b"<status code="

#: What may stand beside a typing notification without giving it more weight.
_BESIDE: Final = frozenset((
    "thread", "{jabber:client}thread", "{urn:xmpp:sid:0}origin-id", "{urn:xmpp:sid:0}stanza-id",
    "{urn:xmpp:occupant-id:0}occupant-id", "{urn:xmpp:delay}delay",
    "{http://jabber.org/protocol/muc#user}x",
))  # fmt: skip
_HINTS: Final = "{urn:xmpp:hints}"
_CARBONS: Final = ("{urn:xmpp:carbons:2}sent", "{urn:xmpp:carbons:2}received")


def key_of(wire: bytes) -> bytes | None:
    """What a stanza is the newest state of, or None when it cannot wait.

    "Suppress presence updates until the client becomes active again. On becoming active, push the
    latest presence from each contact. Discard messages containing only Chat State Notifications."
    """
    if wire.startswith(b"<presence"):
        return _presence_key(wire)
    if (
        wire.startswith(b"<message")
        and len(wire) <= _LIMIT
        and _NS_CHAT_STATES in wire
        and b"<body" not in wire
        and _is_chat_state(wire)
    ):
        return b"message " + _attribute(wire, b"from") + b" " + _attribute(wire, b"to")
    return None


def _presence_key(wire: bytes) -> bytes | None:
    if _attribute(wire, b"type") not in _NEWS or _ROOM_STATUS in wire:
        return None
    return b"presence " + _attribute(wire, b"from")


def _attribute(wire: bytes, name: bytes) -> bytes:
    """An attribute of the stanza, as this server writes it: in single quotes, escaped."""
    start = wire.find(b" %s='" % name, 0, wire.find(b">"))
    if start < 0:
        return b""
    start += len(name) + 3
    return wire[start : wire.find(b"'", start)]


def _is_chat_state(wire: bytes) -> bool:
    """Whether a message, or the one it is a copy of, says nothing but that somebody types."""
    try:
        message = etree.fromstring(wire)
    except etree.XMLSyntaxError:
        return False
    copy = next((child for child in message if child.tag in _CARBONS), None)
    if copy is not None:
        forwarded = copy.find(".//{jabber:client}message")
        if forwarded is None:
            return False
        message = forwarded
    tags = [child.tag for child in message]
    return any(_is_state(tag) for tag in tags) and all(
        _is_state(tag) or tag in _BESIDE or tag.startswith(_HINTS) for tag in tags
    )


def _is_state(tag: str) -> bool:
    return tag.startswith(f"{{{_CHAT_STATES}}}")
