"""An https server on this machine that says what it is told, and an authority for its name."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.x509 import Certificate

_DAY = timedelta(days=1)


class Authority:
    """Vouches for names; `path` has its certificate."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._issue(name, self._key.public_key(), is_authority=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def context(self, name: str = "localhost") -> ssl.SSLContext:
        """What a server of that name needs."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._issue(name, key.public_key(), is_authority=False)
        path = self._folder / f"{name}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _issue(
        self, name: str, key: ec.EllipticCurvePublicKey, *, is_authority: bool
    ) -> Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = subject if is_authority else self._certificate.subject
        now = datetime.fromtimestamp(Clock().utcnow(), UTC)  # TLS knows no other clock
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=is_authority, crl_sign=is_authority,
            content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder(issuer, subject, key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(ours, critical=False)
        )
        if not is_authority:
            names = x509.SubjectAlternativeName([x509.DNSName(name)])
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            builder = builder.add_extension(names, False).add_extension(purpose, False)
        return builder.sign(self._key, hashes.SHA256())


class HTTPSServer:
    """Gives `answer` to every request. Use as `async with HTTPSServer(context) as server`.

    `heard` has the requests' heads. `holds` makes it say what it says and then neither go on nor
    hang up, until the client does.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.answer = b""
        self.holds = False
        self.heard: list[str] = []
        self.has_heard = asyncio.Event()
        self.has_hung_up = asyncio.Event()  # the client, while we held the line
        self.port = 0

    def says(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        """From now on that is the answer."""
        head = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
        self.answer = "\r\n".join(head).encode() + body

    def address(self, name: str = "localhost") -> str:
        """Where it is."""
        return f"https://{name}:{self.port}/keys"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head.decode())
        self.has_heard.set()
        writer.write(self.answer)
        if self.holds:
            await reader.read()
            self.has_hung_up.set()
        writer.close()
