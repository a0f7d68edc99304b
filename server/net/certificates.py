"""Our own certificates: found, made, checked, and swapped while running (RFC 6120 §13.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from OpenSSL import SSL

from server.net.contexts import ALPN_CLIENT, Identity, client_context, server_context
from server.net.self_signed import ascii_name, new_key, self_signed, write_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_WARN_BEFORE = timedelta(days=14)
_WEAK = ("md5", "sha1")


class CertificateError(Exception):
    """A certificate or key cannot be used; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """Where a certificate with its chain and its private key lie, both in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What an operator wants to know of a certificate; times are seconds since 1970."""

    names: tuple[str, ...]
    not_before: float
    not_after: float
    self_signed: bool
    key_matches: bool

    def problems(self, domains: Iterable[str], now: float) -> list[str]:
        """What keeps others from trusting it, in words; empty if all is well."""
        found = [
            f"it is not valid for {domain}" for domain in domains if not covers(self.names, domain)
        ]
        if self.self_signed:
            found.append("it is self-signed: clients will warn and other servers will not trust it")
        if not self.key_matches:
            found.append("the private key is not the one of this certificate")
        if now < self.not_before:
            found.append(f"it is not valid before {_date(self.not_before)}")
        if now >= self.not_after:
            found.append(f"it has expired on {_date(self.not_after)}")
        elif now >= self.not_after - _WARN_BEFORE.total_seconds():
            found.append(f"it expires on {_date(self.not_after)}")
        return found


@dataclass(frozen=True, slots=True)
class _Loaded:
    chain: list[x509.Certificate]
    key: PrivateKeyTypes


class CertificateStore:
    """The contexts of all domains; `reload` takes new files without a restart."""

    def __init__(
        self,
        sources: Mapping[str, CertificatePaths],
        *,
        protocols: tuple[bytes, ...] = (ALPN_CLIENT,),
        post_quantum: bool = True,
        ask_peer: bool = False,
        light: bool = True,
        min_version: str = "1.2",
    ) -> None:
        """Load a certificate for each domain, the first being shown to those who name none.

        Raises `CertificateError` if one cannot be used.
        """
        self._sources = dict(sources)
        self._protocols = protocols
        self._post_quantum = post_quantum
        self._ask_peer = ask_peer
        self._light = light
        self._min_version = min_version
        self._loaded: dict[str, _Loaded] = {}
        self._contexts = {domain: self._build(domain) for domain in sources}
        self._by_name = self._index()

    def context_for(self, domain: str = "") -> SSL.Context:
        """The context to begin a connection with; SNI may lead it to another."""
        return self.find(domain) or next(iter(self._contexts.values()))

    def find(self, name: str) -> SSL.Context | None:
        """The context with a certificate for this name, exact before wildcard."""
        name = ascii_name(name)
        return self._by_name.get(name) or self._by_name.get(f"*.{name.partition('.')[2]}")

    def reload(self) -> list[CertificateError]:
        """Read all files again; a domain whose files are bad keeps what it has.

        Connections keep their certificate; new ones get the new.
        """
        errors = []
        for domain in self._sources:
            try:
                self._contexts[domain] = self._build(domain)
            except CertificateError as error:
                errors.append(error)
        self._by_name = self._index()
        return errors

    def connecting_as(self, domain: str, protocols: tuple[bytes, ...] = ()) -> SSL.Context:
        """A context for connecting to other servers as one of our domains."""
        loaded = self._loaded[domain]
        return client_context(
            loaded.chain,
            loaded.key,
            protocols=protocols,
            post_quantum=self._post_quantum,
            min_version=self._min_version,
        )

    def _build(self, domain: str) -> SSL.Context:
        paths = self._sources[domain]
        loaded = _load(paths)
        leaf = loaded.chain[0]
        identity = Identity(_names(leaf), end_point(leaf))
        try:
            context = server_context(
                loaded.chain,
                loaded.key,
                identity,
                self.find,
                protocols=self._protocols,
                post_quantum=self._post_quantum,
                ask_peer=self._ask_peer,
                light=self._light,
                min_version=self._min_version,
            )
        except (SSL.Error, TypeError, ValueError) as error:
            raise CertificateError(f"{paths.certificate}: TLS cannot use it: {error}") from error
        self._loaded[domain] = loaded
        return context

    def _index(self) -> dict[str, SSL.Context]:
        """Name → context; the domain a certificate was given for wins over its other names."""
        index: dict[str, SSL.Context] = {}
        for context in self._contexts.values():
            identity = context.get_app_data()
            for name in identity.names:
                index.setdefault(name, context)
        return index | {ascii_name(domain): context for domain, context in self._contexts.items()}


def ensure_certificate(
    folder: Path, domain: str, extra_names: Iterable[str], now: float
) -> CertificatePaths:
    """Where the certificate of a domain lies; a self-signed one is made if there is none.

    Raises `CertificateError` if what is there cannot be used.
    """
    paths = CertificatePaths(folder / f"{domain}.crt", folder / f"{domain}.key")
    if paths.certificate.parent != folder or domain.startswith("."):
        raise CertificateError(f"{domain!r} cannot be a file name")
    if not paths.certificate.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _make(paths, list(dict.fromkeys([domain, *extra_names])), now)
        except OSError as error:
            raise CertificateError(f"{error.filename or folder}: {error.strerror}") from error
    _load(paths)
    return paths


def describe(path: Path, key: Path | None = None) -> CertificateInfo:
    """What stands in a certificate file; the key lies beside it as `.key` unless given.

    Raises `CertificateError` if one of the two cannot be read.
    """
    chain = _read_chain(path)
    private = _read_key(key or path.with_suffix(".key"))
    leaf = chain[0]
    return CertificateInfo(
        names=_names(leaf),
        not_before=leaf.not_valid_before_utc.timestamp(),
        not_after=leaf.not_valid_after_utc.timestamp(),
        self_signed=leaf.issuer == leaf.subject,
        key_matches=_matches(leaf, private),
    )


def covers(names: Iterable[str], domain: str) -> bool:
    """Whether one of a certificate's names is this domain's (RFC 9525 §6.3)."""
    name = ascii_name(domain)
    return not {name, f"*.{name.partition('.')[2]}"}.isdisjoint(names)


def end_point(certificate: x509.Certificate) -> bytes:
    """Channel binding data of type `tls-server-end-point` (RFC 5929 §4.1).

    Empty for signatures without a hash function of their own, such as Ed25519: "the channel
    binding type is undefined".
    """
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        return b""
    # "if the certificate's signatureAlgorithm uses ... MD5 or SHA-1, then use SHA-256".
    return certificate.fingerprint(hashes.SHA256() if algorithm.name in _WEAK else algorithm)


def _load(paths: CertificatePaths) -> _Loaded:
    chain = _read_chain(paths.certificate)
    key = _read_key(paths.key)
    if not _matches(chain[0], key):
        raise CertificateError(
            f"{paths.key}: not the key of the first certificate in {paths.certificate}"
        )
    return _Loaded(chain, key)


def _read_chain(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise CertificateError(f"{path}: not a certificate in PEM: {error}") from error


def _read_key(path: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(_read(path), password=None)
    except TypeError as error:
        raise CertificateError(f"{path}: the key is protected by a password") from error
    except ValueError as error:
        raise CertificateError(f"{path}: not a private key in PEM") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}") from error


def _matches(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = certificate.public_key().public_bytes(*form)
    return public == key.public_key().public_bytes(*form)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The DNS names it is for; the common name counts for nothing (RFC 9525 §2)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*(name.lower() for name in names), *map(str, addresses))


def _make(paths: CertificatePaths, names: list[str], now: float) -> None:
    """Write a self-signed certificate, with the key that is there or a new one."""
    if not paths.key.exists():
        write_new(paths.key, new_key(), 0o600)
    key = _read_key(paths.key)
    write_new(paths.certificate, self_signed(key, names, now), 0o644)


def _date(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d")
