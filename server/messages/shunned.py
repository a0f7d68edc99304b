"""Stored messages whose sender the owner wants to hear nothing of any more (XEP-0191 §3.3).

"Once the user has blocked communications with a JID, the user's server MUST NOT deliver any XML
stanzas from the JID to the user", also not those that have waited since before. They stay where the
user can look for them: in the archive.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Attribute by attribute: the end of another value, such as an id of the sender's making, may look
# like the beginning of this one. In values of ours there are no bare quotes.
_sender = re.compile(rb"<\w+(?: (?!from=)[^\s=>]++='[^'>]*+')* from='([^'>]*+)'").match


def shunned(shuns: Callable[[JID], bool], rows: Iterable[tuple[int, bytes, int]]) -> set[int]:
    """Which of these messages (identifier, stanza, flags) are from somebody like that."""
    return {mid for mid, wire, _ in rows if is_from(wire, shuns)}


def is_from(wire: bytes, shuns: Callable[[JID], bool]) -> bool:
    """Whether a stanza is from somebody like that."""
    sender = sender_of(wire)
    return sender is not None and shuns(sender)


def sender_of(wire: bytes) -> JID | None:
    """Who sent a stored message; None for what cannot be known."""
    found = _sender(wire)
    try:
        return None if found is None else JID.parse(unescape(found[1].decode()))
    except JIDMalformed:
        return None
