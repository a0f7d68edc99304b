"""PLAIN: its message, its answers, and what it gives away (RFC 4616)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SASLCondition
from server.sasl.keys import derive_keys
from server.sasl.mechanism import Exchange, Failure, NeedCredentials, OutOfTurn, Step, Success
from server.sasl.plain import Plain

EXCHANGE = Exchange(domain="example.org", nonce="", secret=b"s", iterations=4096)
KEYS = {"sha1": derive_keys("pencil", b"salt", 4096, "sha1")}


def login(message: bytes, *, exists: bool = True) -> Step:
    mechanism = Plain(EXCHANGE)
    step = mechanism.receive(message)
    return mechanism.supply(KEYS if exists else None) if isinstance(step, NeedCredentials) else step


def condition(step: Step) -> SASLCondition:
    assert isinstance(step, Failure)
    return step.condition


def test_right_password() -> None:
    assert login(b"\0user\0pencil") == Success("user")
    assert login(b"\0User@example.org\0pencil") == Success("user")


def test_each_hash_will_do() -> None:
    for name in ("sha1", "sha256", "sha512"):
        mechanism = Plain(EXCHANGE)
        mechanism.receive(b"\0user\0pencil")
        keys = {name: derive_keys("pencil", b"salt", 4096, name)}
        assert mechanism.supply(keys) == Success("user")


def test_wrong_password_and_missing_account_look_alike() -> None:
    wrong, missing = login(b"\0user\0pen"), login(b"\0user\0pencil", exists=False)
    assert wrong == missing
    assert condition(wrong) is SASLCondition.NOT_AUTHORIZED


def test_password_that_cannot_be_prepared_is_wrong() -> None:
    assert condition(login("\0user\0a\u0007b".encode())) is SASLCondition.NOT_AUTHORIZED


def test_acting_as_oneself_only() -> None:
    step = login(b"user@example.org\0user\0pencil")
    assert step == Success("user", "user@example.org")
    assert condition(login(b"root@example.org\0user\0pencil")) is SASLCondition.INVALID_AUTHZID


def test_name_of_another_domain() -> None:
    assert condition(login(b"\0user@evil.example\0pencil")) is SASLCondition.NOT_AUTHORIZED


@pytest.mark.parametrize(
    "message",
    [b"", b"\0", b"\0\0", b"user\0pencil", b"\0user\0", b"\0\0pencil", b"\0user\0pencil\0",
     b"\0user\0\xff", b"\0us\xc3er\0pencil"],
)  # fmt: skip
def test_malformed_messages(message: bytes) -> None:
    assert condition(login(message)) is SASLCondition.MALFORMED_REQUEST


def test_supply_is_for_those_who_were_asked() -> None:
    with pytest.raises(OutOfTurn):
        Plain(EXCHANGE).supply(KEYS)


@given(st.binary(max_size=60))
def test_any_message_is_answered(data: bytes) -> None:
    assert isinstance(Plain(EXCHANGE).receive(data), Failure | NeedCredentials)
