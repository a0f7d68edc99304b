"""Presence stanzas of the server's own, and copies of others for one more recipient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.element import NS_CLIENT, E
from server.stanza import Stanza

if TYPE_CHECKING:
    from server.jid import JID

_TAG: Final = f"{{{NS_CLIENT}}}presence"


def plain(type_: str, from_: JID, to: JID | None) -> Stanza:
    """A presence that says nothing but its type."""
    return Stanza("presence", E(_TAG, {"type": type_}), to, from_)


def readdressed(stanza: Stanza, to: JID, from_: JID | None = None) -> Stanza:
    """The same presence for one recipient."""
    return Stanza(stanza.kind, stanza.element, to, stanza.from_ if from_ is None else from_)
