"""Tokens by which an issuer vouches for a user: JSON Web Tokens (RFC 7519, RFC 8725).

The library checks signatures; what the claims must say is checked here, at a time that is handed
in. Nothing of a token is believed before its signature.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST: Final = 8192
"""Characters of a token; a SASL message must hold it."""
MOST_KEYS: Final = 64
NOT_SIGNED: Final = "the token is not signed by a key of the issuer"
"""Why a token is not valid, when other keys might make it so."""

_RSA_BITS: Final = 2048

#: Key type of a JWK → the algorithms it is good for, by their beginnings (RFC 8725 §3.1).
_FITTING: Final = {
    "RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("EdDSA",), "oct": ("HS",),
}  # fmt: skip


class NoKeysError(ValueError):
    """What should have been keys is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token says: who the user is, and until when (unix seconds)."""

    username: str
    expires: float


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an issuer; `id` is empty if it has none."""

    id: str
    type: str
    material: Any

    def fits(self, algorithm: str) -> bool:
        """Whether it may check such a signature: a public key is never taken for a secret."""
        if not algorithm.startswith(_FITTING[self.type]):
            return False
        # "A key of the same size as the hash output (for instance, 256 bits for "HS256") or larger
        # MUST be used with this algorithm" (RFC 7518 §3.2).
        return self.type != "oct" or len(self.material) * 8 >= int(algorithm.removeprefix("HS"))


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whom to trust, and for what."""

    issuer: str
    audience: str
    keys: Sequence[Key]
    algorithms: tuple[str, ...]
    claim: str = "sub"
    leeway: float = 30.0

    def verify(self, token: str, now: float) -> Grant | str:
        """Who the token says this is, or a text that says why it is not valid."""
        if len(token) > LONGEST:
            return "the token is too long"
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return "this is no token"
        algorithm, name = header.get("alg"), header.get("kid")
        if algorithm not in self.algorithms:
            return "the token is signed in a way that is not taken here"
        # "If any of the listed extension Header Parameters are not understood and supported by the
        # recipient, then the JWS is invalid" (RFC 7515 §4.1.11); we understand none.
        if "crit" in header:
            return "the token has an extension that is not known here"
        for key in self.keys:
            if key.fits(algorithm) and (not name or not key.id or key.id == name):
                claims = self._claims(token, key, algorithm)
                if claims is not None:
                    return claims if isinstance(claims, str) else self._read(claims, now)
        return NOT_SIGNED

    def _claims(self, token: str, key: Key, algorithm: str) -> dict[str, Any] | str | None:
        """The claims; a text if they are for somebody else; None if the key does not fit."""
        try:
            return jwt.decode(
                token, key.material, algorithms=[algorithm], audience=self.audience,
                issuer=self.issuer,
                options={
                    "require": ["exp", "iss", "aud", self.claim],
                    "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                    "verify_sub": False,
                },
            )  # fmt: skip
        except (jwt.InvalidSignatureError, jwt.InvalidKeyError):
            return None
        except jwt.InvalidAudienceError:
            return "the token is not made for this server"
        except jwt.InvalidIssuerError:
            return "the token is of another issuer"
        except jwt.MissingRequiredClaimError as missing:
            return f"the token does not say {missing.claim!r}"
        except (jwt.PyJWTError, ValueError, TypeError):
            return "this is no token"

    def _read(self, claims: dict[str, Any], now: float) -> Grant | str:
        expires, begins, username = claims["exp"], claims.get("nbf", 0), claims[self.claim]
        if not _is_number(expires) or not _is_number(begins):
            return "the times of the token are no numbers"
        # "the current date/time MUST be before the expiration date/time" (RFC 7519 §4.1.4)
        if now >= expires + self.leeway:
            return "the token has expired"
        if now < begins - self.leeway:
            return "the token is not valid yet"
        if not isinstance(username, str) or not username:
            return f"the claim {self.claim!r} is no name"
        return Grant(username, expires)


@dataclass(frozen=True, slots=True)
class Trust:
    """How an exchange checks tokens, and what it tells clients whose token is not valid."""

    verify: Callable[[str], Grant | str]
    discovery: str = ""
    needs_address: bool = False


def looks_like_token(password: str) -> bool:
    """Whether a password may be a JSON Web Token: three parts, the first a JSON object."""
    return password.startswith("eyJ") and password.count(".") == 2


def parse_keys(data: bytes) -> tuple[Key, ...]:
    """The keys in a PEM file or a JWK set (RFC 7517 §5). Raises NoKeysError."""
    if data.lstrip().startswith(b"{"):
        return _parse_set(data)
    try:
        material = load_pem_public_key(data)
    except ValueError:
        raise NoKeysError("neither a public key in PEM nor a JWK set") from None
    kinds = {"RSAPublicKey": "RSA", "EllipticCurvePublicKey": "EC", "ECPublicKey": "EC",
             "Ed25519PublicKey": "OKP", "Ed448PublicKey": "OKP"}  # fmt: skip
    kind = kinds.get(type(material).__name__.removeprefix("_"))
    if kind is None:
        raise NoKeysError("a public key of a kind that signs no tokens")
    if not _is_long(kind, material):
        raise NoKeysError(f"an RSA key of less than {_RSA_BITS} bits")
    return (Key("", kind, material),)


def _parse_set(data: bytes) -> tuple[Key, ...]:
    try:
        members = json.loads(data)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoKeysError("not a JWK set") from None
    if not isinstance(members, list):
        raise NoKeysError("not a JWK set")
    keys = tuple(key for key in map(_parse_member, members[:MOST_KEYS]) if key is not None)
    if not keys:
        raise NoKeysError("a JWK set without a key that signs tokens")
    return keys


def _parse_member(member: object) -> Key | None:
    """One key; "Implementations SHOULD ignore JWKs within a JWK Set that … are not understood"."""
    if not isinstance(member, dict) or member.get("use", "sig") != "sig":
        return None
    kind, name = member.get("kty"), member.get("kid", "")
    if not isinstance(kind, str) or not isinstance(name, str) or kind not in _FITTING:
        return None
    if "d" in member:
        return None  # a private key that was given away proves nothing
    try:
        material = jwt.PyJWK(member).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return Key(name, kind, material) if _is_long(kind, material) else None


def _is_long(kind: str, material: Any) -> bool:
    """Whether a key may be used at all: "2048 bits or larger" if RSA (RFC 7518 §3.3, §3.5)."""
    return kind != "RSA" or material.key_size >= _RSA_BITS


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
