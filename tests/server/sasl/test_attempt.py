"""Who may speak when, as RFC 6120 §6.4 carries it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SASLCondition
from server.sasl.attempt import Attempt
from server.sasl.encoding import LONGEST, encode
from server.sasl.keys import derive_keys
from server.sasl.mechanism import Challenge, Exchange, Failure, NeedCredentials, OutOfTurn, Step
from server.sasl.mechanism import Success as Succeeded
from tests.harness.scram import ScramClient

KEYS = {"sha256": derive_keys("pencil", b"salt", 4096, "sha256")}
GOOD = encode(b"n,,n=user,r=x")


def attempt() -> Attempt:
    mechanisms = ("SCRAM-SHA-256", "PLAIN")
    exchange = Exchange("example.org", "n", b"s", mechanisms=mechanisms, tls_version=0x0304)
    return Attempt(exchange)


def condition(step: Step) -> SASLCondition:
    assert isinstance(step, Failure)
    return step.condition


def test_login_with_scram() -> None:
    client, server = ScramClient("SCRAM-SHA-256", "user", "pencil"), attempt()
    step = server.begin("SCRAM-SHA-256", encode(client.first()))
    assert step == NeedCredentials("user")
    assert not server.is_costly
    step = server.supply(KEYS)
    assert isinstance(step, Challenge)
    assert server.expects_response
    step = server.respond(encode(client.final(step.data)))
    assert isinstance(step, Succeeded)
    assert server.mechanism == ""


def test_login_with_plain_is_costly() -> None:
    server = attempt()
    assert server.begin("PLAIN", encode(b"\0user\0pencil")) == NeedCredentials("user")
    assert server.is_costly
    assert server.supply(KEYS) == Succeeded("user")


@pytest.mark.parametrize("initial", [None, ""])
def test_initial_response_may_come_later(initial: str | None) -> None:
    server = attempt()
    assert server.begin("SCRAM-SHA-256", initial) == Challenge(b"")
    assert server.respond(GOOD) == NeedCredentials("user")


def test_equals_sign_is_an_empty_response() -> None:
    assert condition(attempt().begin("PLAIN", "=")) is SASLCondition.MALFORMED_REQUEST


@pytest.mark.parametrize(
    "text",
    ["*", "====", "A", "AA", "AAA", "=AAA", " " + GOOD, GOOD + "\n", GOOD[:4] + "\n" + GOOD[4:],
     "QQ", "QR==", "ü", "A" * (LONGEST + 4)],
)  # fmt: skip
def test_what_is_not_base64(text: str) -> None:
    assert condition(attempt().begin("PLAIN", text)) is SASLCondition.INCORRECT_ENCODING


def test_response_that_nobody_asked_for() -> None:
    server = attempt()
    assert condition(server.respond(GOOD)) is SASLCondition.MALFORMED_REQUEST
    server.begin("SCRAM-SHA-256", GOOD)
    assert condition(server.respond(GOOD)) is SASLCondition.MALFORMED_REQUEST
    with pytest.raises(OutOfTurn):
        server.supply(KEYS)


def test_abort() -> None:
    server = attempt()
    server.begin("SCRAM-SHA-256", "")
    assert condition(server.abort()) is SASLCondition.ABORTED
    assert condition(server.respond(GOOD)) is SASLCondition.MALFORMED_REQUEST


def test_credentials_that_come_after_an_abort_are_not_used() -> None:
    server = attempt()
    server.begin("PLAIN", encode(b"\0user\0pencil"))
    server.abort()
    with pytest.raises(OutOfTurn):
        server.supply(KEYS)


def test_unknown_mechanism() -> None:
    assert condition(attempt().begin("X-EVIL", GOOD)) is SASLCondition.INVALID_MECHANISM


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_is_answered(initial: str, response: str) -> None:
    server = attempt()
    step = server.begin("SCRAM-SHA-256", initial)
    if isinstance(step, Challenge):
        step = server.respond(response)
    assert isinstance(step, Challenge | Failure | NeedCredentials)
