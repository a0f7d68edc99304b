"""What our contexts agree to and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from OpenSSL import SSL

from server.net.certificates import CertificateStore, ensure_certificate
from server.net.contexts import client_context
from server.net.tls import TLSLayer

if TYPE_CHECKING:
    from pathlib import Path


def handshake(
    folder: Path, client: SSL.Context, *, post_quantum: bool = True, min_version: str = "1.2"
) -> SSL.Connection:
    """The server's connection after a handshake with such a client."""
    paths = ensure_certificate(folder, "one.example", [], 1_760_000_000.0)
    store = CertificateStore(
        {"one.example": paths}, post_quantum=post_quantum, min_version=min_version
    )
    server, other = SSL.Connection(store.context_for(), None), TLSLayer(client, "one.example")
    server.set_accept_state()
    for _ in range(2):
        server.bio_write(other.pending_output())
        try:
            server.do_handshake()
        except SSL.WantReadError:
            other.receive(server.bio_read(65_536))
    return server


def test_modern_ciphers_only(tmp_path: Path) -> None:
    names = handshake(tmp_path, client_context()).get_cipher_list()
    assert names
    assert all(name.startswith(("TLS_", "ECDHE-")) for name in names)
    assert all("GCM" in name or "POLY1305" in name for name in names)


def test_old_versions_are_refused(tmp_path: Path) -> None:
    old = SSL.Context(SSL.TLS_CLIENT_METHOD)
    old.set_cipher_list(b"ALL:@SECLEVEL=0")
    old.set_max_proto_version(SSL.TLS1_1_VERSION)
    with pytest.raises(SSL.Error):
        handshake(tmp_path, old)


def test_the_oldest_version_is_the_operator_s_choice(tmp_path: Path) -> None:
    before = SSL.Context(SSL.TLS_CLIENT_METHOD)
    before.set_max_proto_version(SSL.TLS1_2_VERSION)
    assert handshake(tmp_path, before).get_protocol_version_name() == "TLSv1.2"
    with pytest.raises(SSL.Error):
        handshake(tmp_path, before, min_version="1.3")
    new = client_context(min_version="1.3")
    assert handshake(tmp_path, new, min_version="1.3").get_protocol_version_name() == "TLSv1.3"


def test_key_agreement_against_quantum_computers(tmp_path: Path) -> None:
    strong = handshake(tmp_path, client_context()).get_group_name()
    classic = handshake(tmp_path, client_context(), post_quantum=False).get_group_name()
    assert classic == "x25519"
    assert strong in ("X25519MLKEM768", "x25519")  # an older OpenSSL knows only the latter


def test_no_session_outlives_its_connection(tmp_path: Path) -> None:
    session = handshake(tmp_path, client_context()).get_context().get_session_cache_mode()
    assert session == SSL.SESS_CACHE_OFF
