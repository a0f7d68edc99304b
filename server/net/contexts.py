"""How we speak TLS: versions, ciphers and what a context carries (RFC 7590, RFC 9325)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from OpenSSL._util import lib as _lib  # for what pyOpenSSL does not wrap, see _choose_groups

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

ALPN_CLIENT = b"xmpp-client"
ALPN_SERVER = b"xmpp-server"

# How the key log of OpenSSL calls the secrets that outlive the handshake of TLS 1.3.
CLIENT_SECRET = b"CLIENT_TRAFFIC_SECRET_0"
SERVER_SECRET = b"SERVER_TRAFFIC_SECRET_0"
EXPORTER_SECRET = b"EXPORTER_SECRET"

# "implementations MUST support ... forward secrecy" (RFC 7590 §3.1): only ephemeral key agreement
# and authenticated encryption. The suites of TLS 1.3 are all of that kind.
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"

# The first one resists quantum computers; it is used with clients that know it and costs 6 KB a
# connection for as long as the connection lasts, since OpenSSL keeps the key share.
_GROUPS = b"X25519MLKEM768:X25519:P-256:P-384"
_CLASSIC_GROUPS = b"X25519:P-256:P-384"

_OPTIONS = (
    SSL.OP_NO_COMPRESSION
    | SSL.OP_NO_RENEGOTIATION
    # Without tickets nothing outlives the connection: one handshake costs 0.3 ms, and resumption
    # would ask for keys that are rotated and shared by all nodes (RFC 7590 §3.4).
    | SSL.OP_NO_TICKET
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a server's context says we are."""

    names: tuple[str, ...]
    end_point: bytes  # channel binding data of type tls-server-end-point


VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
"""The versions of TLS that may be the oldest to speak."""

Chooser = Callable[[str], SSL.Context | None]
"""From the name a client asks for (SNI) to the context that has a certificate for it."""


def server_context(
    chain: Sequence[Certificate],
    key: PrivateKeyTypes,
    identity: Identity,
    choose: Chooser | None = None,
    *,
    protocols: tuple[bytes, ...] = (ALPN_CLIENT,),
    ask_peer: bool = False,
    post_quantum: bool = True,
    light: bool = True,
    min_version: str = "1.2",
) -> SSL.Context:
    """A context that shows this certificate, or what `choose` finds for the name asked for.

    `ask_peer` asks for the peer's certificate and takes any, or none: what it is worth is for the
    caller to find. `light` lets established connections of TLS 1.3 do without OpenSSL: see
    `server.net.records`.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    _harden(context, post_quantum, min_version)
    _show(context, chain, key)
    if ask_peer:
        context.set_verify(SSL.VERIFY_PEER, _take_any)
    context.set_app_data(identity)
    context.set_alpn_select_callback(_alpn_chooser(protocols))
    if light:
        context.set_keylog_callback(_keep_secret)
    if choose is not None:
        context.set_tlsext_servername_callback(_switcher(choose))
    return context


def client_context(
    chain: Sequence[Certificate] = (),
    key: PrivateKeyTypes | None = None,
    *,
    protocols: tuple[bytes, ...] = (),
    post_quantum: bool = True,
    min_version: str = "1.2",
) -> SSL.Context:
    """A context for connecting to servers, with a certificate of our own if given.

    It takes any certificate: what the server's is worth is for the caller to find.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    _harden(context, post_quantum, min_version)
    context.set_verify(SSL.VERIFY_NONE)
    if chain and key is not None:
        _show(context, chain, key)
    if protocols:
        context.set_alpn_protos(list(protocols))
    return context


def _show(context: SSL.Context, chain: Sequence[Certificate], key: PrivateKeyTypes) -> None:
    """Let the context show a certificate, with those that lead from it to the root."""
    context.use_certificate(chain[0])
    for issuer in chain[1:]:
        context.add_extra_chain_cert(issuer)
    context.use_privatekey(key)  # type: ignore[arg-type]  # refuses kinds that TLS cannot use


def _take_any(*_: object) -> bool:
    return True


def _harden(context: SSL.Context, post_quantum: bool, min_version: str) -> None:
    context.set_min_proto_version(VERSIONS[min_version])
    context.set_options(_OPTIONS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(_CIPHERS)
    # Buffers of 16 KB go back between records; one call writes all it was given.
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.clear_mode(_lib.SSL_MODE_ENABLE_PARTIAL_WRITE)
    _choose_groups(context, post_quantum=post_quantum)


def _choose_groups(context: SSL.Context, *, post_quantum: bool) -> None:
    """Order the key agreements; an OpenSSL too old for the first list takes the second."""
    choose = _lib.SSL_CTX_set1_curves_list
    handle = context._context  # noqa: SLF001 - pyOpenSSL has no method for this
    if not post_quantum or choose(handle, _GROUPS) != 1:
        _lib.ERR_clear_error()
        choose(handle, _CLASSIC_GROUPS)


def _keep_secret(connection: SSL.Connection, line: bytes) -> None:
    """Hand a traffic secret to the layer above, which waits for it in the connection's data."""
    label, _, secret = line.split(b" ", 2)
    if label in (CLIENT_SECRET, SERVER_SECRET, EXPORTER_SECRET):
        secrets = connection.get_app_data()
        if secrets is not None:
            secrets[label] = bytes.fromhex(secret.decode("ascii"))


def _alpn_chooser(
    protocols: tuple[bytes, ...],
) -> Callable[[SSL.Connection, list[bytes]], Any]:
    def choose(_: SSL.Connection, offered: list[bytes]) -> Any:
        """Agree on XMPP; a client that speaks something else is let in without ALPN.

        COMPAT: RFC 7301 §3.2 would have us refuse, but clients on STARTTLS offer what they like.
        """
        for protocol in protocols:
            if protocol in offered:
                return protocol
        return SSL.NO_OVERLAPPING_PROTOCOLS

    return choose


def _switcher(choose: Chooser) -> Callable[[SSL.Connection], None]:
    def switch(connection: SSL.Connection) -> None:
        """Show the certificate of the domain that the client wants (RFC 6066 §3)."""
        name = connection.get_servername()
        if name is None:
            return
        context = choose(name.decode("ascii", "replace").lower())
        if context is not None and context is not connection.get_context():
            connection.set_context(context)

    return switch
