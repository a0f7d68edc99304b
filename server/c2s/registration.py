"""Requests before authentication: in-band registration, where it is switched on (XEP-0077 §3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.c2s.phase import Phase
from server.errors import StreamCondition, StreamError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.c2s.phase import Table
    from server.c2s.stream import ClientStream
    from server.element import Element


def request(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """An iq before login: only an extension that asked for it may answer."""
    assert stream.host is not None
    payload = element[0] if len(element) == 1 else None
    handler = None if payload is None else stream.host.tables.early.get(payload.tag)
    may = stream.connection.is_secure or not stream.server.config.tls.require
    if handler is None or not may:
        # "If the client sends a stanza before it has authenticated …, the server MUST close the
        # stream with a <not-authorized/> stream error" (RFC 6120 §4.9.3.12)
        stream.close(StreamError(StreamCondition.NOT_AUTHORIZED, "log in first"))
        return None
    return handler(stream, element)


TABLE: Table = {(Phase.UNAUTHENTICATED, "{jabber:client}iq"): request}
