"""Records of TLS 1.3: the trace of RFC 8448, a peer of our own, and OpenSSL as a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.net import records
from server.net.certificates import CertificateStore, ensure_certificate
from server.net.contexts import client_context
from server.net.records import SUITES, Direction, Records, expand_label, is_whole
from server.net.tls import TLSLayer

if TYPE_CHECKING:
    from pathlib import Path

SUITE = SUITES["TLS_AES_128_GCM_SHA256"]
CLIENT = bytes.fromhex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
SERVER = bytes.fromhex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")
DATA, ALERT, HANDSHAKE = 23, 21, 22


class Peer:
    """A client that can misbehave."""

    def __init__(self, name: str = "TLS_AES_128_GCM_SHA256") -> None:
        suite = SUITES[name]
        self.write = Direction(suite, CLIENT)
        self.read = Direction(suite, SERVER)
        self.server = Records(suite, CLIENT, SERVER)

    def tell(self, content: bytes, kind: int = DATA) -> bytes:
        """Send one record; what the server makes of it."""
        return self.server.receive(self.write.seal(content, kind))

    def heard(self, output: bytes) -> list[tuple[int, bytes]]:
        """The records that the server has sent: their types and contents."""
        found = []
        while output:
            end = 5 + int.from_bytes(output[3:5], "big")
            plain = self.read.open(output[:5], output[5:end])
            found.append((plain[-1], plain[:-1]))
            output = output[end:]
            if plain == b"\x18\x00\x00\x01\x00\x16":
                self.read.update()
        return found


def test_keys_of_rfc_8448() -> None:
    key = expand_label("sha256", CLIENT, b"key", b"", 16)
    iv = expand_label("sha256", CLIENT, b"iv", b"", 12)
    assert key.hex() == "17422dda596ed5d9acd890e3c63f5051"
    assert iv.hex() == "5b78923dee08579033e523d9"


def test_record_of_rfc_8448() -> None:
    record = bytes.fromhex(
        "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a"
        "20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4"
    )
    assert Records(SUITE, CLIENT, SERVER).receive(record) == bytes(range(50))


@pytest.mark.parametrize("name", SUITES)
def test_each_suite_both_ways(name: str) -> None:
    peer = Peer(name)
    for text in (b"one", b"two"):
        assert peer.tell(text) == text
        assert peer.heard(peer.server.send(text)) == [(DATA, text)]


def test_records_that_openssl_has_sent_are_counted() -> None:
    first = Direction(SUITE, SERVER)
    tickets = first.seal(b"ticket", HANDSHAKE) + first.seal(b"ticket", HANDSHAKE)
    server = Records(SUITE, CLIENT, SERVER, tickets)
    assert server.send(b"x") == tickets + first.seal(b"x", DATA)


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 60))
def test_chunks_do_not_matter(texts: list[bytes], size: int) -> None:
    peer = Peer()
    stream = b"".join(peer.write.seal(text, DATA) for text in texts)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert b"".join(map(peer.server.receive, pieces)) == b"".join(texts)
    assert not peer.server.closed


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 50_000])
def test_long_texts_are_cut(size: int) -> None:
    peer = Peer()
    found = peer.heard(peer.server.send(bytes(size)))
    assert b"".join(text for _, text in found) == bytes(size)
    assert all(len(text) <= 16_384 for _, text in found)


def test_padding_is_dropped() -> None:
    peer = Peer()
    assert peer.server.receive(peer.write.seal(b"hello\x17" + bytes(100), 0)) == b"hello"


def test_keys_of_the_peer_change() -> None:
    peer = Peer()
    peer.tell(b"\x18\x00\x00\x01\x00", HANDSHAKE)
    peer.write.update()
    assert peer.tell(b"again") == b"again"
    assert peer.server.pending_output() == b""


def test_keys_change_on_request_once_for_many() -> None:
    peer = Peer()
    stream = b""
    for _ in range(3):
        stream += peer.write.seal(b"\x18\x00\x00\x01\x01", HANDSHAKE)
        peer.write.update()
    assert peer.server.receive(stream + peer.write.seal(b"x", DATA)) == b"x"
    answer = peer.server.send(b"y")
    assert peer.heard(answer) == [(HANDSHAKE, b"\x18\x00\x00\x01\x00"), (DATA, b"y")]


@pytest.mark.parametrize("kind", [DATA, ALERT, HANDSHAKE])
def test_flood_of_records_without_content(kind: int) -> None:
    peer = Peer()
    content = {DATA: b"", ALERT: b"\x01\x5a", HANDSHAKE: b"\x18\x00\x00\x01\x01"}[kind]

    def several(count: int) -> None:
        for _ in range(count):
            peer.tell(content, kind)
            if kind == HANDSHAKE:
                peer.write.update()

    for _ in range(3):
        several(32)
        assert peer.tell(b"x") == b"x"
    several(32)
    assert not peer.server.closed
    several(1)
    assert peer.server.error == "too many records without content"


def test_close_notify_both_ways() -> None:
    peer = Peer()
    assert peer.heard(peer.server.shutdown()) == [(ALERT, b"\x01\x00")]
    peer.tell(b"\x01\x00", ALERT)
    assert peer.server.closed
    assert not peer.server.error
    assert peer.tell(b"late") == b""


def test_what_follows_close_notify_is_ignored() -> None:
    peer = Peer()
    assert peer.server.receive(peer.write.seal(b"\x01\x00", ALERT) + b"anything at all") == b""
    assert peer.server.closed
    assert not peer.server.error


def test_other_alerts() -> None:
    peer = Peer()
    peer.tell(b"\x01\x5a", ALERT)  # user_canceled says nothing
    assert not peer.server.closed
    peer.tell(b"\x02\x28", ALERT)
    assert peer.server.error == "the peer sent alert 40"


@pytest.mark.parametrize(
    ("content", "kind", "alert"),
    [
        (b"", 0, 10),
        (b"x", 20, 10),
        (b"\x01", ALERT, 50),
        (b"\x18\x00\x00\x01\x02", HANDSHAKE, 10),
        (b"\x18\x00\x00\x01", HANDSHAKE, 10),
        (b"\x18\x00\x00\x01\x00\x18\x00\x00\x01\x00", HANDSHAKE, 10),
        (b"\x01\x00\x00\x00", HANDSHAKE, 10),
        (bytes(16_384) + b"x", DATA, 22),
    ],
)
def test_what_may_not_follow_a_handshake(content: bytes, kind: int, alert: int) -> None:
    peer = Peer()
    assert peer.tell(content, kind) == b""
    assert peer.server.closed
    assert peer.server.error
    assert peer.heard(peer.server.send(b"nothing more")) == [(ALERT, bytes((2, alert)))]


@pytest.mark.parametrize(
    ("header", "alert"),
    [("1503030002", 10), ("1403030001", 10), ("1703034101", 22), ("1703030000", 22),
     ("1703030010", 22)],
)  # fmt: skip
def test_headers_that_cannot_be(header: str, alert: int) -> None:
    peer = Peer()
    assert peer.server.receive(bytes.fromhex(header)) == b""
    assert peer.heard(peer.server.pending_output()) == [(ALERT, bytes((2, alert)))]


@pytest.mark.parametrize("how", ["changed", "repeated", "left out"])
def test_records_that_were_meddled_with(how: str) -> None:
    peer = Peer()
    one, two = peer.write.seal(b"one", DATA), peer.write.seal(b"two", DATA)
    spoilt = {"changed": one[:-1] + bytes([one[-1] ^ 1]), "repeated": one + one, "left out": two}
    assert peer.server.receive(spoilt[how]) in (b"", b"one")
    assert peer.server.error
    assert peer.heard(peer.server.pending_output()) == [(ALERT, b"\x02\x14")]


@given(st.binary(max_size=300))
def test_any_bytes_leave_the_server_standing(data: bytes) -> None:
    server = Records(SUITE, CLIENT, SERVER)
    assert server.receive(data) == b""
    server.receive(data)


def test_whole_records() -> None:
    record = Direction(SUITE, SERVER).seal(b"x", DATA)
    assert is_whole(b"")
    assert is_whole(record + record)
    assert not is_whole(record[:-1])
    assert not is_whole(b"\x16" + record[1:])
    assert not is_whole(record + b"\x17\x03")


def test_keys_change_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL, as a client, follows our change of keys."""
    monkeypatch.setattr(records, "_RECORDS_FOR_ONE_KEY", 4)
    paths = ensure_certificate(tmp_path, "one.example", [], 1_760_000_000.0)
    server = TLSLayer(CertificateStore({"one.example": paths}).context_for())
    client = TLSLayer(client_context(), "one.example")
    while not server.handshake_done:
        server.receive(client.pending_output())
        client.receive(server.pending_output())
    texts = [f"text {number}".encode() for number in range(20)]
    assert [client.receive(server.send(text)) for text in texts] == texts
    assert not client.error
