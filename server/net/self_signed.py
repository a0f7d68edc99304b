"""Making a certificate of our own, until the operator has a better one."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

# Nobody trusts it by its dates; one that runs out would only break what works.
_LIFETIME = timedelta(days=3650)


def new_key() -> bytes:
    """A private key in PEM: ECDSA, for its cheap signatures."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def self_signed(key: PrivateKeyTypes, names: list[str], now: float) -> bytes:
    """A certificate in PEM for these names, the first being its subject."""
    start = datetime.fromtimestamp(now, UTC).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ascii_name(names[0])[:64])])
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())  # type: ignore[arg-type]  # kinds that cannot sign
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - timedelta(days=1))  # clocks differ
        .not_valid_after(start + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage(usage), False)
    )
    certificate = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]  # as above
    return certificate.public_bytes(serialization.Encoding.PEM)


def ascii_name(name: str) -> str:
    """A domain as DNS and certificates write it."""
    name = name.lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file that appears whole or not at all; one that is there already stays.

    Several workers may start at once: the first one's key is everybody's.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        # Whatever the umask: a certificate is copied to where clients of other users read it.
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        temporary.replace(path)
    temporary.unlink(missing_ok=True)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(ascii_name(name))
