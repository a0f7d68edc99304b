"""Which messages a retraction means (XEP-0424 §5); pure decisions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from html import unescape
from typing import TYPE_CHECKING, Final

from server.messages import notices
from server.messages.tombstone import NS

if TYPE_CHECKING:
    from server.jid import JID
    from server.stanza import Stanza

RETRACT: Final = f"{{{NS}}}retract"

_REPLACE: Final = "{urn:xmpp:message-correct:0}replace"
_ORIGIN: Final = "{urn:xmpp:sid:0}origin-id"
_ROOM: Final = "{http://jabber.org/protocol/muc#user}x"

#: In rooms the room decides, and errors only quote.
_FOREIGN: Final = frozenset(("error", "groupchat"))
_LONGEST: Final = 1023
#: Every identifier in a stored message, its own and those in its payloads, and some more.
_IDS: Final = re.compile(rb""" id=(?:'([^']*)'|"([^"]*)")""")


class Part(Enum):
    """What a message is of the one that is taken back."""

    NONE = 0
    CORRECTION = 1
    ORIGINAL = 2


@dataclass(frozen=True, slots=True)
class Retraction:
    """A request to take a message back: whose, which, and under which identifiers."""

    mid: int
    author: JID
    peer: JID  # under which it stands in the archive at hand
    target: str
    name: str
    in_room: bool


def is_retraction(stanza: Stanza) -> bool:
    """Whether a message asks for something that can be done.

    The tombstone's identifier "MUST" be that of the retraction, which therefore needs one.
    """
    target = stanza.payloads[RETRACT].get("id")
    return bool(
        target
        and len(target) <= _LONGEST
        and stanza.id
        and len(stanza.id) <= _LONGEST
        and stanza.type not in _FOREIGN
    )


def read(mid: int, wire: bytes, is_sent: bool) -> Retraction | None:
    """A stored retraction."""
    stanza = notices.read(wire)
    if stanza is None or stanza.to is None or RETRACT not in stanza.payloads:
        return None
    if not is_retraction(stanza):
        return None
    peer = stanza.to.bare if is_sent else stanza.from_.bare
    target = stanza.payloads[RETRACT].get("id", "")
    in_room = _ROOM in stanza.payloads
    return Retraction(mid, stanza.from_, peer, target, stanza.id or "", in_room)


def names_in(wire: bytes) -> set[str]:
    """All identifiers that a stored message may be taken back by; without parsing it."""
    return {
        unescape((one or other).decode("utf-8", "replace")) for one, other in _IDS.findall(wire)
    }


def part(retraction: Retraction, message: Stanza) -> Part:
    """What a message is of the one that is meant.

    Corrections of the original go with it: they hold what it said.
    """
    if not _may_retract(retraction, message):
        return Part.NONE
    if _is_original(retraction, message):
        return Part.ORIGINAL
    replaced = message.payloads.get(_REPLACE)
    is_correction = replaced is not None and replaced.get("id") == retraction.target
    return Part.CORRECTION if is_correction else Part.NONE


def _is_original(retraction: Retraction, message: Stanza) -> bool:
    """By "the value of the 'id' attribute on the <message> element" (§5.1), or the origin-id."""
    if message.id == retraction.target:
        return True
    origin = message.payloads.get(_ORIGIN)
    return origin is not None and origin.get("id") == retraction.target


def _may_retract(retraction: Retraction, message: Stanza) -> bool:
    """Whether it is the author's own, and can be taken back.

    "A retraction … MUST only be processed when both the original message and the retraction request
    are received from the same bare-JID (in a one-on-one conversation) or full-JID" (§5), the latter
    among the occupants of a room, who share the bare one.
    """
    if message.type in _FOREIGN or RETRACT in message.payloads:
        return False
    if retraction.in_room or _ROOM in message.payloads:
        return message.from_ == retraction.author
    return message.from_.bare == retraction.author.bare
