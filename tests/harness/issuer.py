"""An issuer of tokens for tests: a key, and what it signs (RFC 7519)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.harness.clock import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

ISSUER = "https://id.example.org/"
AUDIENCE = "xmpp:example.org"


class Issuer:
    """Signs whatever it is asked to."""

    def __init__(self, seed: int = 1, name: str = "one") -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.name = name

    def sign(
        self, algorithm: str = "EdDSA", headers: dict[str, Any] | None = None, **claims: object
    ) -> str:
        """A token that is valid for an hour, unless the claims say something else."""
        said: dict[str, Any] = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": EPOCH + 3600, **claims
        }  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self.key, algorithm, headers={"kid": self.name, **(headers or {})})

    @property
    def jwks(self) -> bytes:
        """The public key as a JWK set."""
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**jwk, "kid": self.name, "use": "sig"}]}).encode()

    @property
    def pem(self) -> bytes:
        """The public key as PEM."""
        key = self.key.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def config(self, folder: Path, **more: object) -> dict[str, dict[str, object]]:
        """The configuration of a server that trusts this issuer."""
        path = folder / "jwks.json"
        path.write_bytes(self.jwks)
        known = {"issuer": ISSUER, "audience": AUDIENCE, "keys": str(path)}
        return {"jwt": {**known, **more}}
