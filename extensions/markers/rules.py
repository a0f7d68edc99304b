"""Which messages are nothing but a marker; pure decisions (XEP-0333 §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from server.stanza import Stanza

DISPLAYED: Final = "{urn:xmpp:chat-markers:0}displayed"

#: What may come along without saying anything that must be kept. A thread is not among it: each has
#: a marker of its own. Nor is what occupants of rooms send, who share an address.
_BESIDE: Final = frozenset(
    (
        DISPLAYED,
        "{urn:xmpp:hints}store",
        "{urn:xmpp:sid:0}origin-id",
        "{urn:xmpp:sid:0}stanza-id",
        "{http://jabber.org/protocol/chatstates}active",
        "{http://jabber.org/protocol/chatstates}inactive",
    )
)
_TYPES: Final = frozenset((None, "chat", "normal"))


def is_marker(stanza: Stanza) -> bool:
    """Whether a later one of the same sender in the same conversation says all that this says."""
    return stanza.type in _TYPES and _BESIDE.issuperset(stanza.payloads)
