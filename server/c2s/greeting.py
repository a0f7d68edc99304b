"""The answering stream header (RFC 6120 §4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.jid import JID


def greeting(domain: str, stream_id: str, addressee: JID | None) -> bytes:
    """The header of our side; `addressee` is who the client said it is.

    "the server MUST include a 'to' attribute … and MUST set its value to the bare JID specified in
    the 'from' attribute of the initial stream header" (§4.7.2).
    """
    to = b"" if addressee is None else b" to='%s'" % addressee.wire
    return (
        b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'"
        b" xmlns:stream='http://etherx.jabber.org/streams' id='%s' from='%s'%s version='1.0'"
        b" xml:lang='en'>" % (stream_id.encode(), domain.encode(), to)
    )
