"""Whom a client says its stanzas are from (RFC 6120 §8.1.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from server.session import Session


def is_own(sender: str, session: Session) -> bool:
    """Whether a `from` is the session's full or bare JID (RFC 6120 §8.1.2.1)."""
    jid = session.jid
    if sender == jid or sender == jid.bare:
        return True
    try:
        parsed = JID.parse(sender)
    except JIDMalformed:
        return False
    return parsed == jid or parsed == jid.bare
