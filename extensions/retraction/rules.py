"""Which messages a retraction means (XEP-0424 §5); pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.messages import notices
from server.messages.tombstone import NS, is_tombstone

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
#: What escaping would change, in one of the ways to do it.
_MARKUP: Final = frozenset("&<>\"'\t\r\n")


@dataclass(frozen=True, slots=True)
class Retraction:
    """A request to take a message back: whose, which, and under which identifiers."""

    mid: int
    author: JID
    peer: JID  # under which it stands in the archive at hand
    target: str
    name: str
    in_room: bool

    @property
    def hint(self) -> bytes:
        """What stands in every message that may be meant."""
        return b"" if _MARKUP.intersection(self.target) else self.target.encode()


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


def find(retraction: Retraction, wire: bytes) -> tuple[Stanza | None, bool]:
    """The stored message if the retraction means it, and whether it is the original one.

    Corrections of the original go with it: they hold what it said.
    """
    if retraction.hint not in wire:
        return None, False
    message = notices.read(wire)
    if message is None or not _may_retract(retraction, message):
        return None, False
    if _is_original(retraction, message):
        return (None if is_tombstone(wire) else message), True
    replaced = message.payloads.get(_REPLACE)
    if replaced is not None and replaced.get("id") == retraction.target:
        return message, False
    return None, False


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
