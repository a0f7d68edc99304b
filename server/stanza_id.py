"""Identifiers that an account's server gives to messages, and that nobody else may (XEP-0359)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from server.stanza import Stanza

TAG: Final = "{urn:xmpp:sid:0}stanza-id"


def drop_forged(stanza: Stanza, *owners: JID) -> None:
    """Remove the identifiers in the name of accounts for which this server gives them.

    "Stanza ID generating entities, which encounter a <stanza-id/> element where the 'by' attribute
    matches the 'by' attribute they would otherwise set, MUST delete that element even if they are
    not adding their own stanza ID" (§3). Those in the names of others stay.
    """
    if TAG not in stanza.payloads:
        return
    # All at once: a message may hold thousands of them.
    forged = [
        child for child in stanza.element.iterchildren(TAG) if _by(child.get("by", "")) in owners
    ]
    if forged:
        stanza.drop(*forged)


def _by(text: str) -> JID | None:
    """The address as it is compared: "XMPP addresses are normalized" (§3)."""
    try:
        return JID.parse(text)
    except JIDMalformed:
        return None
