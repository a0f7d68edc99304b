"""Which messages anybody on the way could read (XEP-0380); pure decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.stanza import BODY

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from server.jid import JID
    from server.stanza import Stanza

_MARKER: Final = "{urn:xmpp:eme:0}encryption"

#: Payloads that hold what the body would say (XEP-0384 in its versions, XEP-0373, XEP-0027).
_ENCRYPTED: Final = frozenset((
    "{eu.siacs.conversations.axolotl}encrypted", "{urn:xmpp:omemo:1}encrypted",
    "{urn:xmpp:omemo:2}encrypted", "{urn:xmpp:openpgp:0}openpgp", "{jabber:x:encrypted}x",
))  # fmt: skip

#: An error quotes nothing, a headline is no conversation.
_NO_CONVERSATION: Final = frozenset(("error", "headline"))


def is_readable(stanza: Stanza) -> bool:
    """Whether a message says something that others than its recipients can read.

    What has no body (a room's subject, a typing notification, a receipt) says nothing.
    """
    payloads = stanza.payloads
    if BODY not in payloads or stanza.type in _NO_CONVERSATION:
        return False
    if not _ENCRYPTED.isdisjoint(payloads):
        return False
    marker = payloads.get(_MARKER)
    return marker is None or not marker.get("namespace")


def is_between_people(from_: JID, to: JID) -> bool:
    """Whether both ends are users or rooms: servers and services could not decrypt anything."""
    return bool(from_.local and to.local)


def concerned(required: AbstractSet[str], from_: JID, to: JID) -> JID | None:
    """The end because of whose domain a message must be encrypted."""
    if to.domain in required:
        return to
    return from_ if from_.domain in required else None
