"""What is left of a message that its author, or a moderator, took back (XEP-0424 §4).

A tombstone stands where the message stood, under its identifiers, so that clients which read the
archive learn that there was something. It is due to nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.element import escape
from server.timestamps import stamp

if TYPE_CHECKING:
    from server.stanza import Stanza

NS: Final = "urn:xmpp:message-retract:1"

#: What comes from clients is mostly stored with the other kind of quotes.
_MARK: Final = b"><retracted xmlns='urn:xmpp:message-retract:1' "


def build(message: Stanza, retraction: str, unix_ms: int) -> bytes:
    """What is stored in the place of a message that was retracted at that time.

    "The original contents … get replaced with a <retracted/> element which MUST include an 'id'
    attribute that's set to the value of the retraction's <message/> element's 'id' attribute" and
    "SHOULD also include a 'stamp' attribute".
    """
    envelope = b"".join(
        b" %s='%s'" % (name, escape(value))
        for name, value in ((b"type", message.type), (b"id", message.id))
        if value is not None
    )
    to = b"" if message.to is None else b" to='%s'" % message.to.wire
    return b"<message%s from='%s'%s%sid='%s' stamp='%s'/></message>" % (
        envelope, message.from_.wire, to, _MARK, escape(retraction), stamp(unix_ms),
    )  # fmt: skip


def is_tombstone(wire: bytes) -> bool:
    """Whether a stored message was taken back: then it holds nothing else."""
    if _MARK not in wire:
        return False
    head, _, tail = wire.partition(_MARK)
    return b">" not in head and tail.count(b"<") == 1
