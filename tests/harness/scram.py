"""A small SCRAM client for tests, with channel binding and downgrade protection (RFC 5802)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

HASHES = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}


class ScramClient:
    """One login: `first()`, then `final(challenge)`, then `verify(success)`.

    `binding` is (type, data) for a -PLUS mechanism; `flag` is what to say without one.
    """

    def __init__(
        self,
        mechanism: str,
        username: str,
        password: str,
        *,
        nonce: str = "fyko+d2lbbFgONRv9qkxdawL",
        binding: tuple[str, bytes] | None = None,
        flag: str = "n",
        authzid: str = "",
    ) -> None:
        self.mechanism = mechanism
        self.hash = HASHES[mechanism.removeprefix("SCRAM-").removesuffix("-PLUS")]
        self.password = password
        self.nonce = nonce
        self.binding_data = b""
        if binding is not None:
            flag, self.binding_data = f"p={binding[0]}", binding[1]
        self.header = f"{flag},{'a=' + escape(authzid) if authzid else ''},"
        self.bare = f"n={escape(username)},r={nonce}"
        self.server_attributes: dict[str, str] = {}
        self._expected = b""

    def first(self) -> bytes:
        """The client-first-message."""
        return (self.header + self.bare).encode()

    def final(self, server_first: bytes) -> bytes:
        """The client-final-message that answers the server-first-message."""
        text = server_first.decode()
        fields = dict(part.split("=", 1) for part in text.split(","))
        self.server_attributes = fields
        assert fields["r"].startswith(self.nonce)
        assert len(fields["r"]) > len(self.nonce)
        salted = hashlib.pbkdf2_hmac(
            self.hash, self.password.encode(), b64decode(fields["s"]), int(fields["i"])
        )
        bound = b64encode(self.header.encode() + self.binding_data).decode()
        without_proof = f"c={bound},r={fields['r']}"
        message = f"{self.bare},{text},{without_proof}".encode()
        client_key = hmac.digest(salted, b"Client Key", self.hash)
        stored_key = hashlib.new(self.hash, client_key).digest()
        signature = hmac.digest(stored_key, message, self.hash)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        server_key = hmac.digest(salted, b"Server Key", self.hash)
        self._expected = b"v=" + b64encode(hmac.digest(server_key, message, self.hash))
        return f"{without_proof},p={b64encode(proof).decode()}".encode()

    def verify(self, server_final: bytes) -> bool:
        """Whether the server knows the password too."""
        return server_final == self._expected


def escape(name: str) -> str:
    """A name as SCRAM writes it."""
    return name.replace("=", "=3D").replace(",", "=2C")
