"""Making a certificate; that it is found again and served is in `test_certificates`."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.net.self_signed import ascii_name, new_key, self_signed, write_new

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_760_000_000.0


def test_certificate_signs_itself_for_all_names() -> None:
    key = load_pem_private_key(new_key(), None)
    made = x509.load_pem_x509_certificate(self_signed(key, ["one.example", "192.0.2.1"], NOW))
    made.verify_directly_issued_by(made)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["one.example"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    assert made.not_valid_before_utc.timestamp() < NOW < made.not_valid_after_utc.timestamp()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("One.Example.", "one.example"), ("bücher.example", "xn--bcher-kva.example")],
)
def test_names_as_dns_has_them(name: str, expected: str) -> None:
    assert ascii_name(name) == expected


def test_first_writer_wins(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_new(path, b"first", 0o600)
    write_new(path, b"second", 0o600)
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_certificates_can_be_read_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_new(tmp_path / "one.crt", b"public", 0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "one.crt").stat().st_mode) == 0o644
