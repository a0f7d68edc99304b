"""Stream features: what may be negotiated now, in XEP-0170's order (RFC 6120 §4.3.2)."""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Final

from server.c2s import bind2, fast, upgrade
from server.c2s.request import NS as NS_SASL2
from server.c2s.request import NS_FAST, NS_PIPELINING
from server.sasl.binding import NO_BINDINGS, bindings_of
from server.sasl.negotiate import offer

if TYPE_CHECKING:
    from server.c2s.stream import ClientStream
    from server.host import Host
    from server.sasl.binding import Bindings
    from server.sasl.negotiate import Offer
    from server.server import Server

_STARTTLS: Final = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
_STARTTLS_REQUIRED: Final = (
    b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
)
_BIND: Final = (
    b"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    # COMPAT: clients of RFC 3921 ask for a session; "optional" tells the newer ones not to.
    b"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"
)
_SM: Final = b"<sm xmlns='urn:xmpp:sm:3'/>"
#: A stream is described by its host, whether it is encrypted, and its channel bindings.
Kind = tuple[str, bool, tuple[str, ...]]


class Features:
    """Builds the features of client streams, once for each kind of stream."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._before: dict[Kind, tuple[bytes, str]] = {}
        self._after: dict[str, bytes] = {}
        self._bound: dict[tuple[str, bool], bytes] = {}
        limits = server.config.limits
        idle = int(limits.idle_timeout) if isfinite(limits.idle_timeout) else 0
        self._limits_before = _limits(int(limits.max_stanza_size_unauthenticated), 0)
        self._limits_after = _limits(int(limits.max_stanza_size), idle)

    def before(self, stream: ClientStream, is_secure: bool) -> bytes:
        """For a client that has not authenticated."""
        return self._described(stream, is_secure)[0]

    def version(self, stream: ClientStream) -> str:
        """What a client may say to show that it knows these features (XEP-0509 §2.3.1)."""
        return self._described(stream, stream.connection.is_secure)[1]

    def offers_sasl2(self, stream: ClientStream) -> bool:
        """Whether a client on this stream may log in yet: "only … after TLS" (XEP-0388 §3)."""
        return stream.connection.is_secure or not self._server.config.tls.require

    def _described(self, stream: ClientStream, is_secure: bool) -> tuple[bytes, str]:
        """The features of streams of this kind, and their version; made once for each kind."""
        assert stream.host is not None
        tls = stream.connection.tls
        bindings = bindings_of(tls) if is_secure and tls is not None else NO_BINDINGS
        kind = stream.host.domain, is_secure, tuple(bindings)
        found = self._before.get(kind)
        if found is None:
            found = self._before[kind] = self._describe(stream, is_secure, bindings)
        return found

    def _describe(
        self, stream: ClientStream, is_secure: bool, bindings: Bindings
    ) -> tuple[bytes, str]:
        parts = []
        server, host = self._server, stream.host
        assert host is not None
        must_encrypt = server.config.tls.require
        if not is_secure:
            parts.append(_STARTTLS_REQUIRED if must_encrypt else _STARTTLS)
        # "if the 'required' element is present, no other feature is advertised" (RFC 6120 §5.3.1)
        if is_secure or not must_encrypt:
            offered = offer(server.sasl_policy, bindings, is_secure=is_secure)
            parts += [offered.mechanisms_feature, self._sasl2(stream, bindings, offered)]
            parts.append(offered.binding_feature)
            parts += host.tables.open_features
        parts.append(self._limits_before)
        features = b"".join(parts)
        version = b2a_base64(sha256(features).digest()[:12], newline=False).decode()
        if is_secure or not must_encrypt:
            features += f"<config-version xmlns='{NS_PIPELINING}' value='{version}'/>".encode()
        return b"<stream:features>%s</stream:features>" % features, version

    def _sasl2(self, stream: ClientStream, bindings: Bindings, offered: Offer) -> bytes:
        """The second profile of SASL, and what can be negotiated with it (XEP-0388 §2.1)."""
        host = stream.host
        assert host is not None
        # "MUST NOT be offered if not at least one mechanism can be provided"
        if not offered.mechanisms:
            return b""
        tokens = _names(fast.mechanisms(stream, bindings))
        inline = [_SM, bind2.feature(host)]
        if tokens:
            inline.append(f"<fast xmlns='{NS_FAST}'>{tokens}</fast>".encode())
        return b"<authentication xmlns='%s'>%s<inline>%s</inline>%s</authentication>" % (
            NS_SASL2.encode(), _names(offered.mechanisms).encode(), b"".join(inline),
            upgrade.feature(self._server.sasl_policy),
        )  # fmt: skip

    def after(self, host: Host) -> bytes:
        """For a client that has authenticated and is to bind or resume."""
        features = self._after.get(host.domain)
        if features is None:
            features = self._after[host.domain] = self._complete(host, _BIND + _SM)
        return features

    def bound(self, host: Host, *, is_managed: bool) -> bytes:
        """For a client that has bound a resource while it authenticated (XEP-0386).

        COMPAT: xmpp.js takes stream management that is offered for one that is not enabled yet.
        """
        key = host.domain, is_managed
        features = self._bound.get(key)
        if features is None:
            features = self._bound[key] = self._complete(host, b"" if is_managed else _SM)
        return features

    def _complete(self, host: Host, first: bytes) -> bytes:
        parts = (first, *host.tables.stream_features, self._limits_after)
        return b"<stream:features>%s</stream:features>" % b"".join(parts)


def _names(mechanisms: tuple[str, ...]) -> str:
    return "".join(f"<mechanism>{name}</mechanism>" for name in mechanisms)


def _limits(size: int, idle: int) -> bytes:
    """What the stream bears, so that clients need not find out (XEP-0478 §3)."""
    seconds = b"<idle-seconds>%d</idle-seconds>" % idle if idle else b""
    return (b"<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>%d</max-bytes>%s</limits>") % (
        size,
        seconds,
    )
