"""Are the certificates right?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from server.config import load
from server.diagnosis.certificates import check_certificate, check_certificates, covers

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86400.0
NOW = BEGIN.timestamp() + 10 * DAY


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(names: list[str], key: ec.EllipticCurvePrivateKey, issuer: str) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(name("it"))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
        .sign(key, hashes.SHA256())
    )


def write(folder: Path, domain: str, names: list[str], issuer: str = "it") -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = make(names, key, issuer)
    chain_file, key_file = folder / f"{domain}.crt", folder / f"{domain}.key"
    chain_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_file.write_bytes(pem)
    key_file.chmod(0o600)
    return chain_file, key_file


def told(chain: Path, key: Path, now: float = NOW, domain: str = "example.org") -> list[str]:
    found = check_certificate(domain, chain, key, now)
    return [f"{finding.level}: {finding.text}" for finding in found]


def test_a_good_certificate(tmp_path: Path) -> None:
    chain, key = write(tmp_path, "example.org", ["example.org"], issuer="an authority")
    chain.write_bytes(chain.read_bytes() * 2)
    assert told(chain, key) == ["ok: valid until 2026-04-01"]


def test_a_self_signed_one_works_with_a_warning(tmp_path: Path) -> None:
    chain, key = write(tmp_path, "example.org", ["example.org"])
    assert told(chain, key)[1].startswith("warning: is self-signed")


@pytest.mark.parametrize(
    ("days", "words"),
    [(-5, "error: is not valid before"), (85, "warning: expires"), (95, "error: expired")],
)
def test_its_time(tmp_path: Path, days: int, words: str) -> None:
    chain, key = write(tmp_path, "example.org", ["example.org"])
    assert told(chain, key, BEGIN.timestamp() + days * DAY)[0].startswith(words)


def test_another_name(tmp_path: Path) -> None:
    chain, key = write(tmp_path, "example.org", ["xmpp.example.org"])
    assert told(chain, key)[0] == "error: it does not name example.org"


def test_another_key(tmp_path: Path) -> None:
    chain, _ = write(tmp_path, "example.org", ["example.org"])
    _, key = write(tmp_path, "other", ["example.org"])
    assert told(chain, key)[0] == f"error: the key in {key} is not its key"


def test_a_key_that_everybody_may_read(tmp_path: Path) -> None:
    chain, key = write(tmp_path, "example.org", ["example.org"])
    key.chmod(0o644)
    assert told(chain, key)[0] == "warning: every user of this machine may read its key"


def test_no_certificate_at_all(tmp_path: Path) -> None:
    (tmp_path / "example.org.crt").write_text("nonsense")
    assert told(tmp_path / "example.org.crt", tmp_path / "none")[0].startswith("error: cannot be")


def test_a_domain_without_a_certificate_gets_one(tmp_path: Path) -> None:
    config = load(overrides={"server": {"data": str(tmp_path)}})
    (finding,) = check_certificates(config, NOW)
    assert finding.level == "warning"


@pytest.mark.parametrize(
    ("names", "domain", "is_covered"),
    [
        (["example.org"], "example.org", True),
        (["EXAMPLE.org"], "example.org", True),
        (["*.example.org"], "chat.example.org", True),
        (["*.example.org"], "example.org", False),
        (["*.example.org"], "a.b.example.org", False),
        (["xn--mnchen-3ya.de"], "münchen.de", True),
    ],
)
def test_which_names_cover_a_domain(names: list[str], domain: str, is_covered: bool) -> None:
    certificate = make(names, ec.generate_private_key(ec.SECP256R1()), "it")
    assert covers(certificate, domain) is is_covered
