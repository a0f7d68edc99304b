"""Keys: the vectors of the RFCs, and decoys that fit nothing."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from server.sasl.keys import (
    HASHES,
    decoy_keys,
    derive_credentials,
    derive_keys,
    password_matches,
)
from server.sasl.password import PasswordRefused

SALT = b64decode("QSXCR+Q6sek8bf92")


def test_keys_of_rfc_5802() -> None:
    # Both keys follow from the messages of RFC 5802 §5 and are quoted in many test suites.
    keys = derive_keys("pencil", SALT, 4096, "sha1")
    assert b64encode(keys.stored_key) == b"6dlGYMOdZcOPutkcNY8U2g7vK9Y="
    assert b64encode(keys.server_key) == b"D+CSWLOshSulAsxiupA+qs2/fTE="


@pytest.mark.parametrize("name", HASHES)
def test_only_the_password_matches(name: str) -> None:
    keys = derive_keys("pencil", SALT, 4096, name)
    assert password_matches("pencil", keys)
    assert not password_matches("Pencil", keys)


def test_equal_passwords_in_other_encodings_match() -> None:
    keys = derive_keys("caf\u00e9\u00a0au lait", SALT, 4096, "sha256")
    assert password_matches("cafe\u0301 au lait", keys)


def test_empty_password_is_refused() -> None:
    with pytest.raises(PasswordRefused):
        derive_keys("", SALT, 4096, "sha1")


def test_credentials_hold_each_hash() -> None:
    record = derive_credentials("pencil", {"sha1": b"a", "sha256": b"b"}, 4096)
    assert {name: keys.salt for name, keys in record.items()} == {"sha1": b"a", "sha256": b"b"}
    assert all(password_matches("pencil", keys) for keys in record.values())


def test_decoys_are_stable_and_all_different() -> None:
    def salt(secret: bytes, name: str, hash_name: str) -> bytes:
        return decoy_keys(secret, name, 4096, hash_name).salt

    assert salt(b"s", "a", "sha1") == salt(b"s", "a", "sha1")
    others = {salt(b"s", "a", "sha256"), salt(b"s", "b", "sha1"), salt(b"t", "a", "sha1")}
    assert len(others | {salt(b"s", "a", "sha1")}) == 4


@pytest.mark.parametrize("name", HASHES)
def test_decoys_have_the_shape_of_keys(name: str) -> None:
    real, decoy = derive_keys("x", bytes(16), 4096, name), decoy_keys(b"s", "a", 4096, name)
    assert len(decoy.salt) == len(real.salt)
    assert len(decoy.stored_key) == len(real.stored_key)
    assert len(decoy.server_key) == len(real.server_key)
