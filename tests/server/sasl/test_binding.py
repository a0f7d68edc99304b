"""Which channel bindings a connection can offer."""

from __future__ import annotations

from dataclasses import dataclass

from server.sasl.binding import bindings_of


@dataclass
class Channel:
    version: int = 0x0304
    may_export: bool = True
    end_point: bytes = b"hash"

    def tls_exporter(self) -> bytes:
        return b"exported"

    def server_end_point(self) -> bytes:
        return self.end_point


def test_strongest_first() -> None:
    bindings = bindings_of(Channel())
    assert {name: data() for name, data in bindings.items()} == {
        "tls-exporter": b"exported",
        "tls-server-end-point": b"hash",
    }
    assert list(bindings) == ["tls-exporter", "tls-server-end-point"]


def test_exporter_needs_unique_keys() -> None:
    assert list(bindings_of(Channel(0x0303, may_export=False))) == ["tls-server-end-point"]


def test_certificate_without_a_hash_has_no_end_point() -> None:
    assert list(bindings_of(Channel(end_point=b""))) == ["tls-exporter"]
