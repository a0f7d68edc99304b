"""The only form in which passwords are kept: SCRAM keys (RFC 5802 §3, RFC 7677).

Everything here is a pure function; salts come from outside.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from server.sasl.password import prepare_password

HASHES = ("sha512", "sha256", "sha1")
"""Hash functions we know, by their names in hashlib, strongest first."""

# "the hash iteration-count ... SHOULD be at least 4096" (RFC 7677 §4, RFC 5802 §5.1).
LEAST_ITERATIONS = 4096
DEFAULT_ITERATIONS = 10_000


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What a server keeps of a password for one hash function; `hash` is hashlib's name."""

    hash: str
    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes


Credentials = Mapping[str, ScramKeys]
"""All that is kept for one account: hash name → keys."""


def derive_keys(password: str, salt: bytes, iterations: int, hash_name: str) -> ScramKeys:
    """Keys for a new password: milliseconds of work, with the GIL released.

    Raises `PasswordRefused` for a password that cannot be prepared.
    """
    salted = hashlib.pbkdf2_hmac(hash_name, prepare_password(password).encode(), salt, iterations)
    return keys_of(salted, salt, iterations, hash_name)


def keys_of(salted_password: bytes, salt: bytes, iterations: int, hash_name: str) -> ScramKeys:
    """Keys for a password that was salted already, by us or by the client (XEP-0480)."""
    client_key = hmac.digest(salted_password, b"Client Key", hash_name)
    return ScramKeys(
        hash=hash_name,
        iterations=iterations,
        salt=salt,
        stored_key=hashlib.new(hash_name, client_key).digest(),
        server_key=hmac.digest(salted_password, b"Server Key", hash_name),
    )


def derive_credentials(
    password: str, salts: Mapping[str, bytes], iterations: int = DEFAULT_ITERATIONS
) -> dict[str, ScramKeys]:
    """Keys for every hash that `salts` names: the whole record of a new password."""
    return {name: derive_keys(password, salt, iterations, name) for name, salt in salts.items()}


def password_matches(password: str, keys: ScramKeys) -> bool:
    """Whether the keys were derived from this password: as costly as deriving them.

    Raises `PasswordRefused` for a password that cannot be prepared.
    """
    derived = derive_keys(password, keys.salt, keys.iterations, keys.hash)
    return hmac.compare_digest(derived.stored_key, keys.stored_key)


def decoy_keys(secret: bytes, username: str, iterations: int, hash_name: str) -> ScramKeys:
    """Keys that no password fits, always the same for a name.

    They stand in for those of an account that does not exist, so that an exchange with it looks
    and costs like one with an account that does.
    """
    seed = f"{hash_name}\0{username}".encode()
    salt = hmac.digest(secret, b"salt\0" + seed, "sha256")[:16]
    stored = hmac.digest(secret, b"key\0" + seed, hash_name)
    return ScramKeys(hash_name, iterations, salt, stored_key=stored, server_key=stored)
