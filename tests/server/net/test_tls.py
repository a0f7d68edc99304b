"""TLS over memory: two layers back to back, the standard library as a stranger, and attackers."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from OpenSSL._util import lib as _lib

from server.net.certificates import CertificateStore, ensure_certificate
from server.net.contexts import ALPN_CLIENT, client_context
from server.net.openssl import OpenSSL
from server.net.records import Records
from server.net.tls import LONGEST_HANDSHAKE, TLSLayer

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_760_000_000.0  # in the past: the stranger looks at his own clock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module", params=[True, False], ids=["light", "openssl"])
def store(folder: Path, request: pytest.FixtureRequest) -> CertificateStore:
    domains = {"one.example": ["chat.one.example"], "two.example": []}
    return CertificateStore(
        {
            domain: ensure_certificate(folder, domain, names, NOW)
            for domain, names in domains.items()
        },
        light=request.param,
    )


class Pair:
    """A client and a server, and all ciphertext that went each way."""

    def __init__(
        self, store: CertificateStore, name: str = "one.example", context: Any = None
    ) -> None:
        self.client = TLSLayer(context or client_context(protocols=(ALPN_CLIENT,)), name)
        self.server = TLSLayer(store.context_for())

    def exchange(self) -> tuple[bytes, bytes]:
        """Carry bytes until nobody has any; what the client and the server have read."""
        read_by_client = read_by_server = b""
        while True:
            up, down = self.client.pending_output(), self.server.pending_output()
            if not up and not down:
                return read_by_client, read_by_server
            read_by_server += self.server.receive(up) if up else b""
            read_by_client += self.client.receive(down) if down else b""


@pytest.fixture
def pair(store: CertificateStore) -> Pair:
    pair = Pair(store)
    pair.exchange()
    return pair


def old_client() -> SSL.Context:
    context = client_context()
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    return context


def test_handshake(pair: Pair) -> None:
    assert pair.client.handshake_done
    assert pair.server.handshake_done
    assert pair.server.version == 0x0304
    assert pair.server.alpn == "xmpp-client"
    assert pair.server.server_name == "one.example"
    assert not pair.server.error


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 200_000])
def test_what_is_sent_is_received(pair: Pair, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert pair.client.receive(pair.server.send(data)) == data
    assert pair.server.receive(pair.client.send(data)) == data
    assert pair.server.receive(pair.client.send(b"small again")) == b"small again"


def test_byte_by_byte(store: CertificateStore) -> None:
    pair = Pair(store)
    heard = b""
    while not (pair.client.handshake_done and pair.server.handshake_done):
        for byte in pair.client.pending_output():
            heard += pair.server.receive(bytes([byte]))
        for byte in pair.server.pending_output():
            pair.client.receive(bytes([byte]))
    for byte in pair.client.send(b"<stream:stream>"):
        heard += pair.server.receive(bytes([byte]))
    assert heard == b"<stream:stream>"


def test_data_that_comes_with_the_end_of_the_handshake(store: CertificateStore) -> None:
    pair = Pair(store)
    pair.server.receive(pair.client.pending_output())
    pair.client.receive(pair.server.pending_output())
    together = pair.client.pending_output() + pair.client.send(b"early bird")
    assert pair.server.receive(together) == b"early bird"


def test_several_records_in_one_read(pair: Pair) -> None:
    data = b"".join(pair.client.send(part) for part in (b"a", b"b", b"c"))
    assert pair.server.receive(data) == b"abc"


def test_tls_1_2_still_works(store: CertificateStore) -> None:
    pair = Pair(store, context=old_client())
    pair.exchange()
    assert pair.server.version == 0x0303
    assert pair.server.alpn == ""
    assert pair.server.receive(pair.client.send(b"hello")) == b"hello"
    assert pair.server.may_export


@pytest.mark.parametrize("context", [None, old_client()], ids=["1.3", "1.2"])
def test_exporter_is_the_same_on_both_sides(store: CertificateStore, context: Any) -> None:
    one, two = Pair(store, context=context), Pair(store, context=context)
    one.exchange()
    two.exchange()
    assert len(one.server.tls_exporter()) == 32
    assert one.server.tls_exporter() == one.client.tls_exporter()
    assert one.server.tls_exporter() != two.server.tls_exporter()


def test_exporter_matches_openssl_with_an_empty_context(store: CertificateStore) -> None:
    # RFC 9266 §2: label EXPORTER-Channel-Binding, zero-length context, 32 bytes.
    server = TLSLayer(store.context_for())
    client = SSL.Connection(client_context(), None)
    client.set_connect_state()
    shake(client, server)
    server.receive(client.bio_read(65536))
    material = client.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
    assert server.tls_exporter() == material


def test_no_exporter_before_the_handshake(store: CertificateStore) -> None:
    server = TLSLayer(store.context_for())
    assert not server.may_export
    with pytest.raises(RuntimeError):
        server.tls_exporter()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("one.example", "one.example"),
        ("TWO.example", "two.example"),
        ("chat.one.example", "one.example"),
        ("unknown.example", "one.example"),
    ],
)
def test_name_chooses_the_certificate(
    store: CertificateStore, folder: Path, name: str, shown: str
) -> None:
    pair = Pair(store, name)
    pair.exchange()
    expected = load_pem_x509_certificate((folder / f"{shown}.crt").read_bytes())
    assert pair.client.peer_chain == (expected,)
    assert pair.server.peer_chain == ()
    algorithm = expected.signature_hash_algorithm
    assert algorithm is not None
    assert pair.server.server_end_point() == expected.fingerprint(algorithm)
    assert pair.server.alpn == "xmpp-client"


def test_client_that_offers_other_protocols_is_let_in_without(store: CertificateStore) -> None:
    pair = Pair(store, context=client_context(protocols=(b"http/1.1",)))
    pair.exchange()
    assert pair.server.handshake_done
    assert pair.server.alpn == ""


def test_shutdown_is_seen(pair: Pair) -> None:
    last = pair.server.send(b"bye") + pair.server.shutdown()
    assert pair.client.receive(last) == b"bye"
    assert pair.client.closed
    assert not pair.client.error
    assert pair.client.receive(b"anything") == b""


@pytest.mark.parametrize(
    "garbage",
    [b"<?xml version='1.0'?><stream:stream>", b"GET / HTTP/1.1\r\n\r\n", bytes(100),
     b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff" + bytes(70_000)],
)  # fmt: skip
def test_garbage_is_an_error(store: CertificateStore, garbage: bytes) -> None:
    server = TLSLayer(store.context_for())
    assert server.receive(garbage) == b""
    assert server.error
    assert server.closed
    assert not server.handshake_done


def test_garbage_gets_an_alert(store: CertificateStore) -> None:
    server = TLSLayer(store.context_for())
    server.receive(b"\x16\x03\x01\x00\x05hello")
    assert server.pending_output()[0] == 21  # alert


def test_endless_handshake_is_cut(store: CertificateStore) -> None:
    server = TLSLayer(store.context_for())
    sent = 0
    warning = b"\x15\x03\x01\x00\x02\x01\x5a"  # an alert that may be ignored
    while not server.error:
        server.receive(warning)
        sent += len(warning)
        assert sent <= LONGEST_HANDSHAKE + len(warning)


def test_changed_record_is_an_error(pair: Pair) -> None:
    record = bytearray(pair.client.send(b"hello"))
    record[-1] ^= 1
    assert pair.server.receive(bytes(record)) == b""
    assert pair.server.error
    assert pair.server.pending_output()
    assert pair.server.send(b"more") == b""


def test_renegotiation_is_refused(store: CertificateStore) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    server, client = TLSLayer(store.context_for()), SSL.Connection(context, None)
    client.set_connect_state()
    shake(client, server)
    assert server.handshake_done
    assert client.renegotiate()
    with pytest.raises(SSL.Error, match="no renegotiation"):
        shake(client, server)


def shake(client: SSL.Connection, server: TLSLayer) -> None:
    for _ in range(3):
        try:
            client.do_handshake()
        except SSL.WantReadError:
            server.receive(client.bio_read(65536))
            client.bio_write(server.pending_output())


def test_a_stranger_connects(store: CertificateStore, folder: Path) -> None:
    context = ssl.create_default_context(cafile=str(folder / "two.example.crt"))
    context.set_alpn_protocols(["xmpp-client"])
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_mode = ssl.CERT_REQUIRED
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="two.example")
    server = TLSLayer(store.context_for())
    for _ in range(3):
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            server.receive(outgoing.read())
            incoming.write(server.pending_output())
    server.receive(outgoing.read())
    assert server.handshake_done
    incoming.write(server.send(b"hello"))
    assert client.read() == b"hello"


def test_openssl_is_left_with_tls_1_3_only(store: CertificateStore, folder: Path) -> None:
    light = CertificateStore({"one.example": ensure_certificate(folder, "one.example", [], NOW)})
    new, old = Pair(light), Pair(light, context=old_client())
    new.exchange()
    old.exchange()
    assert isinstance(new.server._engine, Records)
    assert isinstance(old.server._engine, OpenSSL)
    assert isinstance(new.client._engine, OpenSSL)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_openssl_stays_if_the_client_wants_small_records(folder: Path, size: int) -> None:
    light = CertificateStore({"one.example": ensure_certificate(folder, "one.example", [], NOW)})
    pair = Pair(light)
    hello = pair.client.pending_output()
    # As if the hello held max_fragment_length = 512: the server does not look where it stands.
    hello += b"\x00\x01\x00\x01\x01"
    for start in range(0, len(hello), size):
        pair.server.receive(hello[start : start + size])
    engine = pair.server._engine
    assert isinstance(engine, OpenSSL)
    assert engine.is_bound


@pytest.mark.parametrize("drained", [True, False])
def test_openssl_stays_if_it_has_sent_what_nobody_counted(folder: Path, drained: bool) -> None:
    light = CertificateStore({"one.example": ensure_certificate(folder, "one.example", [], NOW)})
    pair = Pair(light)
    pair.server.receive(pair.client.pending_output())
    flight = pair.server.pending_output()
    pair.client.receive(flight)
    finished = pair.client.pending_output()
    engine = pair.server._engine
    assert isinstance(engine, OpenSSL)
    _lib.BIO_write(engine._from_ssl, b"\x17\x03\x03\x00\x11" + bytes(17), 22)
    pair.server.receive(finished[:1])
    if drained:
        pair.server.pending_output()
    pair.server.receive(finished[1:])
    assert pair.server.handshake_done
    assert pair.server._engine is engine


@pytest.mark.parametrize("light", [True, False])
def test_peers_show_their_certificates(folder: Path, light: bool) -> None:
    sources = {"one.example": ensure_certificate(folder, "one.example", [], NOW)}
    store = CertificateStore(sources, ask_peer=True, light=light)
    context = store.connecting_as("one.example")
    pair = Pair(store, context=context)
    pair.exchange()
    assert pair.server.peer_chain == pair.client.peer_chain != ()
    anonymous = Pair(store)
    anonymous.exchange()
    assert anonymous.server.handshake_done
    assert anonymous.server.peer_chain == ()


def test_a_certificate_that_cannot_be_read(
    store: CertificateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("error parsing asn1 value")

    pair = Pair(store)
    pair.server.receive(pair.client.pending_output())
    pair.client.receive(pair.server.pending_output())
    monkeypatch.setattr(SSL.Connection, "get_peer_certificate", fails)
    assert pair.server.receive(pair.client.pending_output()) == b""
    assert pair.server.error
    assert not pair.server.handshake_done


def test_second_hello(store: CertificateStore) -> None:
    """A client whose first key share we do not take is asked for another (RFC 8446 §4.1.4)."""
    context = client_context()
    _lib.SSL_CTX_set1_curves_list(context._context, b"P-521:X25519")
    pair = Pair(store, context=context)
    pair.exchange()
    assert pair.server.receive(pair.client.send(b"hello")) == b"hello"
    assert pair.client.receive(pair.server.send(b"hello")) == b"hello"


def test_nothing_is_sent_before_the_handshake(store: CertificateStore) -> None:
    with pytest.raises(RuntimeError):
        TLSLayer(store.context_for()).send(b"too early")


@given(data=st.binary(min_size=1, max_size=300))
def test_any_bytes_leave_the_server_standing(store: CertificateStore, data: bytes) -> None:
    for start in (b"", b"\x16\x03\x01"):
        server = TLSLayer(store.context_for())
        assert server.receive(start + data) == b""
        assert not server.handshake_done
