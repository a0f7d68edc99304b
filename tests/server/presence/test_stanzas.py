"""Presence of the server's own, and copies."""

from __future__ import annotations

from server.jid import JID
from server.presence.stanzas import plain, readdressed

ANNA, BEN = JID.of("anna@example.org/a"), JID.of("ben@example.org")


def test_plain() -> None:
    stanza = plain("probe", ANNA, BEN)
    assert (stanza.kind, stanza.type, stanza.to, stanza.from_) == ("presence", "probe", BEN, ANNA)
    assert stanza.wire(BEN) == (
        b"<presence type='probe' from='anna@example.org/a' to='ben@example.org'></presence>"
    )


def test_readdressed() -> None:
    stanza = plain("subscribe", ANNA, ANNA)
    assert readdressed(stanza, BEN).to == BEN
    assert readdressed(stanza, BEN).from_ == ANNA
    assert readdressed(stanza, BEN, ANNA.bare).from_ == ANNA.bare
    assert stanza.to == ANNA
