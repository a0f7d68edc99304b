"""OpenSSL over memory: what a connection that stays with it keeps and lets go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from OpenSSL import SSL

from server.net.certificates import CertificateStore, ensure_certificate
from server.net.contexts import client_context
from server.net.openssl import OpenSSL

if TYPE_CHECKING:
    from pathlib import Path


def connected(folder: Path) -> tuple[OpenSSL, OpenSSL]:
    paths = ensure_certificate(folder, "one.example", [], 1_760_000_000.0)
    server = SSL.Connection(CertificateStore({"one.example": paths}).context_for(), None)
    client = SSL.Connection(client_context(), None)
    server.set_accept_state()
    client.set_connect_state()
    ends = OpenSSL(client), OpenSSL(server)
    ends[0].shake(b"")
    assert not ends[1].shake(ends[0].pending_output())
    assert ends[0].shake(ends[1].pending_output())
    assert ends[1].shake(ends[0].pending_output())
    return ends


def test_looking_takes_nothing_out(tmp_path: Path) -> None:
    _client, server = connected(tmp_path)
    assert server.input_left() == b""
    left = server.output_left()
    assert left
    assert server.pending_output() == left
    assert server.output_left() == b""


def test_data_survives_settling(tmp_path: Path) -> None:
    client, server = connected(tmp_path)
    early = client.send(b"early")
    assert server.receive(early) + server.settle() == b"early"
    assert client.settle() == b""
    for size in (10, 10_000, 100_000, 10):
        assert server.receive(client.send(b"x" * size)) == b"x" * size
        assert client.receive(server.send(b"y" * size)) == b"y" * size


def test_both_ends_export_the_same(tmp_path: Path) -> None:
    client, server = connected(tmp_path)
    assert client.export(b"EXPORTER-test", 20) == server.export(b"EXPORTER-test", 20)


def test_error_leaves_nothing_for_the_next_connection(tmp_path: Path) -> None:
    client, server = connected(tmp_path)
    good_client, good_server = connected(tmp_path)
    record = bytearray(client.send(b"hello"))
    record[-1] ^= 1
    assert server.receive(bytes(record)) == b""
    assert server.error
    assert good_server.receive(good_client.send(b"hello")) == b"hello"
    assert not good_server.error
