"""How a stream opens: headers both ways, and what they agree on (RFC 6120 §4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.c2s import language
from server.c2s.greeting import greeting
from server.c2s.phase import Phase
from server.errors import StreamCondition, StreamError
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from server.c2s.stream import ClientStream
    from server.host import Host
    from server.stream.header import StreamHeader


def opened(stream: ClientStream, header: StreamHeader) -> None:
    """A header came: answer it, and say what can be negotiated, or why not."""
    if stream.phase not in (Phase.OPENING, Phase.REOPENING):
        return
    try:
        host = stream.server.host_for(header.to)
        _check(stream, host)
        stream.host = host
        hello(stream)
        if header.version < (1, 0):
            raise StreamError(StreamCondition.UNSUPPORTED_VERSION, "XMPP 1.0 is spoken here")
    except StreamError as error:
        stream.close(error)
        return
    stream.language = language.declared(header.lang)
    if stream.phase is Phase.OPENING:
        stream.phase = Phase.UNAUTHENTICATED
        stream.write(stream.server.features.before(stream, stream.connection.is_secure))
    else:
        stream.phase = Phase.AUTHENTICATED
        stream.write(stream.server.features.after(host))


def _check(stream: ClientStream, host: Host) -> None:
    """Whether the header fits to what is known. Raises StreamError."""
    # A stream that authenticated for one domain cannot go on for another.
    if stream.phase is Phase.REOPENING and host is not stream.host:
        raise StreamError(StreamCondition.HOST_UNKNOWN, "the domain has changed")
    # "If the "from" attribute is not empty and the domain used in this attribute does not match the
    # domain used in the "to" attribute the server SHOULD respond with an invalid-from error"
    # (XEP-0388 §2.1)
    who = stream.claimed
    if who is not None and who.domain != host.domain:
        raise StreamError(StreamCondition.INVALID_FROM, f"{host.domain} knows its own users only")


def hello(stream: ClientStream) -> None:
    """Send the header of our side."""
    server, host = stream.server, stream.host
    domain = server.default_domain if host is None else host.domain
    stream.said_hello = True
    stream.write(greeting(domain, server.entropy.token(12), stream.claimed))


def claimed(header: StreamHeader | None) -> JID | None:
    """Who a client says it is; nothing is proved by that, and what is no address says nothing."""
    if header is None or not header.from_:
        return None
    try:
        return JID.parse(header.from_).bare
    except JIDMalformed:
        return None
