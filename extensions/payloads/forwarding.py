"""Stanzas inside of stanzas (XEP-0297)."""

from __future__ import annotations

from typing import Final

from server.stanza import qualify

NS: Final = "urn:xmpp:forward:0"


def wrap(wire: bytes, delay: bytes = b"") -> bytes:
    """A forwarded stanza, serialised: `wire` is one without a namespace declaration (§3).

    The inner stanza is qualified: inside of `urn:xmpp:forward:0` its namespace is no default.
    """
    return b"<forwarded xmlns='urn:xmpp:forward:0'>%s%s</forwarded>" % (delay, qualify(wire))
