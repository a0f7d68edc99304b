"""Stream features: what may be negotiated now, in XEP-0170's order (RFC 6120 §4.3.2)."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from server.sasl.binding import NO_BINDINGS, bindings_of
from server.sasl.negotiate import offer

if TYPE_CHECKING:
    from server.c2s.stream import ClientStream
    from server.host import Host
    from server.server import Server

_STARTTLS: Final = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
_STARTTLS_REQUIRED: Final = (
    b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
)
_AFTER: Final = (
    b"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    # COMPAT: clients of RFC 3921 ask for a session; "optional" tells the newer ones not to.
    b"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"
    b"<sm xmlns='urn:xmpp:sm:3'/>"
)


class Features:
    """Builds the features of client streams; those after authentication once for each host."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._after: dict[str, bytes] = {}
        limits = server.config.limits
        idle = int(limits.idle_timeout) if isfinite(limits.idle_timeout) else 0
        self._limits_before = _limits(int(limits.max_stanza_size_unauthenticated), 0)
        self._limits_after = _limits(int(limits.max_stanza_size), idle)

    def before(self, stream: ClientStream, is_secure: bool) -> bytes:
        """For a client that has not authenticated."""
        parts = [b"<stream:features>"]
        server, tls = self._server, stream.connection.tls
        must_encrypt = server.config.tls.require
        if not is_secure:
            parts.append(_STARTTLS_REQUIRED if must_encrypt else _STARTTLS)
        # "if the 'required' element is present, no other feature is advertised" (RFC 6120 §5.3.1)
        if is_secure or not must_encrypt:
            bindings = bindings_of(tls) if is_secure and tls is not None else NO_BINDINGS
            offered = offer(server.sasl_policy, bindings, is_secure=is_secure)
            parts += [offered.mechanisms_feature, offered.binding_feature]
            assert stream.host is not None
            parts += stream.host.tables.open_features
        parts += [self._limits_before, b"</stream:features>"]
        return b"".join(parts)

    def after(self, host: Host) -> bytes:
        """For a client that has authenticated and is to bind or resume."""
        features = self._after.get(host.domain)
        if features is None:
            features = self._after[host.domain] = b"".join(
                (
                    b"<stream:features>",
                    _AFTER,
                    *host.tables.stream_features,
                    self._limits_after,
                    b"</stream:features>",
                )
            )
        return features


def _limits(size: int, idle: int) -> bytes:
    """What the stream bears, so that clients need not find out (XEP-0478 §3)."""
    seconds = b"<idle-seconds>%d</idle-seconds>" % idle if idle else b""
    return (b"<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>%d</max-bytes>%s</limits>") % (
        size,
        seconds,
    )
