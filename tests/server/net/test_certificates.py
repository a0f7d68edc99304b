"""Certificates: made, loaded, told about, reloaded; and what is said when they are wrong."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from server.net.certificates import (
    CertificateError,
    CertificateInfo,
    CertificatePaths,
    CertificateStore,
    covers,
    describe,
    end_point,
    ensure_certificate,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_760_000_000.0
YEAR = 31_536_000.0


def made(folder: Path, domain: str = "one.example", *extra: str) -> CertificatePaths:
    return ensure_certificate(folder, domain, extra, NOW)


def test_made_certificate(tmp_path: Path) -> None:
    paths = made(tmp_path / "new", "one.example", "chat.one.example", "one.example")
    info = describe(paths.certificate)
    assert info.names == ("one.example", "chat.one.example")
    assert info.self_signed
    assert info.key_matches
    assert info.not_before < NOW < info.not_after


def test_key_is_for_the_owner_only(tmp_path: Path) -> None:
    paths = made(tmp_path)
    assert stat.S_IMODE(paths.key.stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.example.crt", "one.example.key"]


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    paths = made(tmp_path)
    before = paths.certificate.read_bytes(), paths.key.read_bytes()
    assert made(tmp_path) == paths
    assert (paths.certificate.read_bytes(), paths.key.read_bytes()) == before


def test_key_without_certificate_is_used(tmp_path: Path) -> None:
    paths = made(tmp_path)
    key = paths.key.read_bytes()
    paths.certificate.unlink()
    made(tmp_path)
    assert paths.key.read_bytes() == key
    assert describe(paths.certificate).key_matches


def test_names_that_are_not_plain(tmp_path: Path) -> None:
    assert describe(made(tmp_path, "bücher.example").certificate).names == (
        "xn--bcher-kva.example",
    )
    assert describe(made(tmp_path, "192.0.2.1").certificate).names == ("192.0.2.1",)


@pytest.mark.parametrize("domain", ["../evil", "a/b", ".hidden"])
def test_names_that_leave_the_folder(tmp_path: Path, domain: str) -> None:
    with pytest.raises(CertificateError):
        made(tmp_path, domain)


def test_foreign_key(tmp_path: Path) -> None:
    one, two = made(tmp_path), made(tmp_path, "two.example")
    two.key.replace(one.key)
    with pytest.raises(CertificateError, match="not the key of the first certificate"):
        made(tmp_path)
    assert not describe(one.certificate).key_matches


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\n"])
def test_unreadable_certificate(tmp_path: Path, content: bytes) -> None:
    paths = made(tmp_path)
    paths.certificate.write_bytes(content)
    with pytest.raises(CertificateError, match=r"one\.example\.crt: not a certificate"):
        made(tmp_path)


def test_unreadable_key(tmp_path: Path) -> None:
    paths = made(tmp_path)
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    for content, words in ((b"nonsense", "not a private key"), (key, "protected by a password")):
        paths.key.write_bytes(content)
        with pytest.raises(CertificateError, match=words):
            made(tmp_path)
    paths.key.unlink()
    with pytest.raises(CertificateError, match="No such file"):
        made(tmp_path)


def test_problems_in_words() -> None:
    good = CertificateInfo(("one.example", "*.one.example"), NOW - 1, NOW + YEAR, False, True)
    assert good.problems(["one.example", "chat.one.example"], NOW) == []
    assert good.problems(["two.example"], NOW) == ["it is not valid for two.example"]
    assert "self-signed" in replace(good, self_signed=True).problems([], NOW)[0]
    assert "private key" in replace(good, key_matches=False).problems([], NOW)[0]
    assert "not valid before 2025-10-09" in good.problems([], NOW - 2)[0]
    assert "has expired on 2026-10-09" in good.problems([], NOW + YEAR)[0]
    assert "expires on 2026-10-09" in good.problems([], NOW + YEAR - 1)[0]


def test_wildcards_cover_one_label() -> None:
    assert covers(["*.one.example"], "Chat.one.example")
    assert not covers(["*.one.example"], "one.example")
    assert not covers(["*.one.example"], "a.b.one.example")
    assert covers(["xn--bcher-kva.example"], "bücher.example")


def signed(algorithm: hashes.SHA256 | hashes.SHA384 | None) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm else None
    name = x509.Name([])
    start = datetime.fromtimestamp(NOW, UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(1))
    if key is None:
        other = ed25519.Ed25519PrivateKey.generate()
        return builder.public_key(other.public_key()).sign(other, None)
    return builder.public_key(key.public_key()).sign(key, algorithm)


def test_end_point_takes_the_hash_of_the_signature() -> None:
    for algorithm in (hashes.SHA256(), hashes.SHA384()):
        certificate = signed(algorithm)
        assert end_point(certificate) == certificate.fingerprint(algorithm)
    assert end_point(signed(None)) == b""


def test_store_finds_by_name(tmp_path: Path) -> None:
    store = CertificateStore(
        {
            "one.example": made(tmp_path, "one.example", "*.one.example", "two.example"),
            "two.example": made(tmp_path, "two.example"),
        }
    )
    one, two = store.context_for("one.example"), store.context_for("two.example")
    assert one is not two
    assert store.context_for() is one
    assert store.find("chat.one.example") is one
    assert store.find("three.example") is None
    assert store.context_for("three.example") is one


def test_reload(tmp_path: Path) -> None:
    one, two = made(tmp_path), made(tmp_path, "two.example")
    store = CertificateStore({"one.example": one, "two.example": two})
    before = store.context_for("one.example"), store.context_for("two.example")
    one.certificate.unlink()
    made(tmp_path)
    two.certificate.write_bytes(b"nonsense")
    errors = store.reload()
    assert len(errors) == 1
    assert "two.example.crt" in str(errors[0])
    assert store.context_for("one.example") is not before[0]
    assert store.context_for("two.example") is before[1]
