"""Are the certificates there, in time, for the right names, and do their keys fit?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from server.config import Config
from server.diagnosis.finding import Finding, error, ok, warning

SOON: Final = 14 * 86400.0


def check_certificates(config: Config, utcnow: float) -> Iterator[Finding]:
    """One certificate for each domain."""
    for domain in config.server.domains:
        chain = config.certificates / f"{domain}.crt"
        key = config.certificates / f"{domain}.key"
        if not chain.exists() and not key.exists():
            yield warning(
                f"certificate of {domain}",
                "there is none; the server makes a self-signed one, which clients warn of",
                f"put a certificate into {chain} and its key into {key}",
            )
            continue
        yield from check_certificate(domain, chain, key, utcnow)


def check_certificate(domain: str, chain: Path, key: Path, utcnow: float) -> Iterator[Finding]:
    """The certificate in `chain` and the key in `key` serve `domain` now."""
    subject = f"certificate of {domain}"
    try:
        certificate, *rest = x509.load_pem_x509_certificates(chain.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as problem:
        yield error(
            subject,
            f"cannot be read: {problem}",
            f"{chain} must hold a PEM chain and {key} its PEM key without a password, "
            "both readable for the server's user",
        )
        return
    if _public(private.public_key()) != _public(certificate.public_key()):
        yield error(subject, f"the key in {key} is not its key", "copy chain and key together")
    if key.stat().st_mode & 0o004:
        yield warning(subject, "every user of this machine may read its key", f"chmod o-r {key}")
    yield from _check_names(subject, domain, certificate)
    yield from _check_time(subject, certificate, utcnow)
    if certificate.issuer == certificate.subject:
        yield warning(
            subject,
            "is self-signed: clients warn, other servers may refuse",
            "get one from a certificate authority, such as Let's Encrypt",
        )
    elif not rest:
        yield warning(
            subject,
            "the file holds no intermediate certificates",
            "use the full chain (fullchain.pem)",
        )


def covers(certificate: x509.Certificate, domain: str) -> bool:
    """Whether the certificate names the domain, directly or by a wildcard (RFC 6125 §6.4)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return False
    ascii_domain = domain.encode("idna").decode().lower()
    names = {name.lower() for name in extension.value.get_values_for_type(x509.DNSName)}
    return ascii_domain in names or f"*.{ascii_domain.partition('.')[2]}" in names


def _check_names(subject: str, domain: str, certificate: x509.Certificate) -> Iterator[Finding]:
    """The certificate is for this domain."""
    if not covers(certificate, domain):
        yield error(
            subject,
            f"it does not name {domain}",
            f"get one with the DNS name {domain} (not the name of the machine)",
        )


def _check_time(subject: str, certificate: x509.Certificate, utcnow: float) -> Iterator[Finding]:
    """The certificate is valid now and for a while."""
    now = datetime.fromtimestamp(utcnow, UTC)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        yield error(subject, f"is not valid before {begins}", "look at the clock")
    elif now > ends:
        yield error(subject, f"expired {ends}", "renew it")
    elif (ends - now).total_seconds() < SOON:
        yield warning(subject, f"expires {ends}", "renew it; is the renewal automatic?")
    else:
        yield ok(subject, f"valid until {ends:%Y-%m-%d}")


def _public(key: object) -> bytes:
    """A public key in bytes that can be compared."""
    encode = key.public_bytes  # type: ignore[attr-defined]  # each kind has it, no type says so
    result: bytes = encode(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return result
