"""Stored messages whose sender the owner wants to hear nothing of any more (XEP-0191 §3.3).

"Once the user has blocked communications with a JID, the user's server MUST NOT deliver any XML
stanzas from the JID to the user", also not those that have waited since before. They stay where the
user can look for them: in the archive.
"""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Final

from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FROM: Final = b" from='"


def shunned(shuns: Callable[[JID], bool], rows: Iterable[tuple[int, bytes, int]]) -> set[int]:
    """Which of these messages (identifier, stanza, flags) are from somebody like that."""
    return {mid for mid, wire, _ in rows if is_from(wire, shuns)}


def is_from(wire: bytes, shuns: Callable[[JID], bool]) -> bool:
    """Whether a stanza is from somebody like that."""
    sender = sender_of(wire)
    return sender is not None and shuns(sender)


def sender_of(wire: bytes) -> JID | None:
    """Who sent a stored message; None for what cannot be known.

    In values of attributes there are no bare quotes, so the first match is the right one.
    """
    start = wire.find(_FROM, 0, wire.find(b">")) + len(_FROM)
    if start < len(_FROM):
        return None
    try:
        return JID.parse(unescape(wire[start : wire.index(b"'", start)].decode()))
    except JIDMalformed:
        return None
