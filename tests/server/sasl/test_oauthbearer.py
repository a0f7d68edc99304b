"""OAUTHBEARER and a token in place of the password, as mechanisms (RFC 7628)."""

from __future__ import annotations

import json
from functools import partial

import pytest

from server.errors import SASLCondition
from server.sasl.bearer import Trust, Verifier, parse_keys
from server.sasl.mechanism import Challenge, Exchange, Failure, NeedCredentials, Step, Success
from server.sasl.oauthbearer import OAuthBearer
from server.sasl.plain import Plain
from tests.harness.clock import EPOCH
from tests.harness.issuer import AUDIENCE, ISSUER, Issuer

OURS = Issuer()
VERIFIER = Verifier(ISSUER, AUDIENCE, parse_keys(OURS.jwks), ("EdDSA",))
DISCOVERY = "https://id.example.org/.well-known/openid-configuration"


def exchange(*, trusts: bool = True, needs_address: bool = False) -> Exchange:
    trust = Trust(partial(VERIFIER.verify, now=EPOCH), DISCOVERY, needs_address=needs_address)
    return Exchange("example.org", "nonce", b"secret", trust=trust if trusts else None)


def message(token: str, authzid: str = "", flag: str = "n") -> bytes:
    return f"{flag},{'a=' + authzid if authzid else ''},\x01auth=Bearer {token}\x01\x01".encode()


def begin(data: bytes, **more: bool) -> Step:
    return OAuthBearer(exchange(**more)).receive(data)


def is_failure(step: Step, condition: SASLCondition) -> bool:
    return isinstance(step, Failure) and step.condition is condition


def test_a_valid_token() -> None:
    mechanism = OAuthBearer(exchange())
    assert mechanism.receive(message(OURS.sign())) == NeedCredentials("anna", is_granted=True)
    assert mechanism.supply({}) == Success("anna", is_granted=True)


@pytest.mark.parametrize(
    ("subject", "authzid"),
    [
        ("anna", "anna@example.org"),
        ("anna@example.org", "anna@example.org"),
        ("Anna", "anna"),
        ("anna", ""),
    ],
)
def test_whom_it_names(subject: str, authzid: str) -> None:
    found = begin(message(OURS.sign(sub=subject), authzid))
    assert found == NeedCredentials("anna", is_granted=True)


def test_as_somebody_else() -> None:
    found = begin(message(OURS.sign(), "ben@example.org"))
    assert is_failure(found, SASLCondition.INVALID_AUTHZID)


def test_a_refusal_is_told_in_json_and_nodded_at() -> None:
    """§3.2.2, §3.2.3."""
    mechanism = OAuthBearer(exchange())
    step = mechanism.receive(message(OURS.sign(exp=EPOCH - 100)))
    assert isinstance(step, Challenge)
    assert json.loads(step.data) == {"status": "invalid_token", "openid-configuration": DISCOVERY}
    nod = mechanism.receive(b"\x01")
    assert nod == Failure(SASLCondition.NOT_AUTHORIZED, "the token has expired")


@pytest.mark.parametrize(
    "subject", ["ben@example.com", "a b", "anna@example.org/r", "@example.org"]
)
def test_nobody_of_ours(subject: str) -> None:
    assert isinstance(begin(message(OURS.sign(sub=subject))), Challenge)


def test_with_several_domains_a_name_is_not_enough() -> None:
    assert isinstance(begin(message(OURS.sign()), needs_address=True), Challenge)
    found = begin(message(OURS.sign(sub="anna@example.org")), needs_address=True)
    assert isinstance(found, NeedCredentials)


def test_without_an_account() -> None:
    mechanism = OAuthBearer(exchange())
    mechanism.receive(message(OURS.sign()))
    assert isinstance(mechanism.supply(None), Challenge)
    assert is_failure(mechanism.receive(b"\x01"), SASLCondition.NOT_AUTHORIZED)


def test_without_a_token_clients_ask_what_is_needed() -> None:
    """§4.3."""
    assert isinstance(begin(b"n,,\x01auth=\x01\x01"), Challenge)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"n,,", b"n,,\x01", b"n,,\x01\x01", b"p=tls-exporter,,\x01auth=Bearer x\x01\x01",
     b"n,x,\x01auth=Bearer x\x01\x01", b"n,,\x01auth=Basic x\x01\x01", b"n,,\x01auth=Bearer x\x01",
     b"n,,\x01auth=Bearer x\x01auth=Bearer y\x01\x01", b"n,,,\x01auth=Bearer x\x01\x01"],
)  # fmt: skip
def test_malformed(data: bytes) -> None:
    assert is_failure(begin(data), SASLCondition.MALFORMED_REQUEST)


# -- in place of the password (RFC 4616) --


def plain(password: str, *, trusts: bool = True, name: str = "anna") -> Step:
    mechanism = Plain(exchange(trusts=trusts))
    step = mechanism.receive(f"\0{name}\0{password}".encode())
    if not isinstance(step, NeedCredentials):
        return step
    assert mechanism.is_costly is not step.is_granted
    return mechanism.supply({})


def test_a_token_instead_of_a_password() -> None:
    assert plain(OURS.sign()) == Success("anna", is_granted=True)
    assert is_failure(plain(OURS.sign(), name="ben"), SASLCondition.NOT_AUTHORIZED)
    assert is_failure(plain(OURS.sign(aud="other")), SASLCondition.NOT_AUTHORIZED)
    assert is_failure(plain(Issuer(2).sign()), SASLCondition.NOT_AUTHORIZED)


def test_without_an_issuer_a_token_is_a_password_like_any_other() -> None:
    assert is_failure(plain(OURS.sign(), trusts=False), SASLCondition.NOT_AUTHORIZED)
