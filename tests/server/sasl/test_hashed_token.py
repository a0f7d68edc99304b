"""Hashed tokens: what is sent, what is stored, what passes (draft-schmaus-kitten-sasl-ht)."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sasl.hashed_token import (
    MECHANISMS,
    Claim,
    confirm,
    make_token,
    offered,
    parse,
    proves,
)

SECRET = b"secret of the server"
ENDP, EXPR, NONE = "HT-SHA-256-ENDP", "HT-SHA-256-EXPR", "HT-SHA-256-NONE"
TOKEN = make_token(SECRET, "anna@example.org", "phone", NONE, b"nonce")


def claim(token: str = TOKEN, binding: bytes = b"") -> Claim:
    proof = hmac.digest(token.encode(), b"Initiator" + binding, hashlib.sha256)
    return Claim("anna", proof)


def test_what_is_offered_depends_on_the_connection() -> None:
    """`-UNIQ` never, `-NONE` always."""
    both = {"tls-exporter": bytes, "tls-server-end-point": bytes}
    assert offered(both) == (EXPR, ENDP, NONE)
    assert offered({"tls-server-end-point": bytes}) == (ENDP, NONE)
    assert offered({}) == (NONE,)
    assert offered(both, channel_binding=False) == (NONE,)


def test_who_has_the_token_passes() -> None:
    assert proves(claim(), TOKEN, b"")
    assert proves(claim(binding=b"channel"), TOKEN, b"channel")
    expected = hmac.digest(TOKEN.encode(), b"Responderchannel", hashlib.sha256)
    assert confirm(TOKEN, b"channel") == expected


def test_another_channel_or_token_does_not() -> None:
    assert not proves(claim(binding=b"theirs"), TOKEN, b"ours")
    assert not proves(claim(), TOKEN, b"ours")
    assert not proves(claim(binding=b"ours"), TOKEN, b"")
    assert not proves(claim("other"), TOKEN, b"")
    # What the server sends does not serve as what the client must send.
    assert not proves(Claim("anna", confirm(TOKEN, b"")), TOKEN, b"")


def test_a_token_is_made_for_everything_it_is_for() -> None:
    made = {
        make_token(secret, account, client, mechanism, nonce)
        for secret in (SECRET, b"other")
        for account in ("anna@example.org", "ben@example.org", "anna@example.com")
        for client in ("phone", "laptop")
        for mechanism in MECHANISMS
        for nonce in (b"1", b"2")
    }
    assert len(made) == 2 * 3 * 2 * 3 * 2
    assert {len(token) for token in made} == {43}


@pytest.mark.parametrize(
    "data",
    [b"", b"anna", b"\0" + bytes(32), b"anna\0", b"anna\0" + bytes(31), b"anna\0" + bytes(33),
     b"\xff\0" + bytes(32)],
)  # fmt: skip
def test_malformed(data: bytes) -> None:
    assert parse(data) is None


@given(
    st.text(min_size=1).filter(lambda name: "\0" not in name), st.binary(min_size=32, max_size=32)
)
def test_a_name_and_a_proof(name: str, proof: bytes) -> None:
    assert parse(name.encode("utf-8", "ignore") + b"\0" + proof) in (Claim(name, proof), None)


@given(st.binary(max_size=100))
def test_nothing_raises(data: bytes) -> None:
    found = parse(data)
    assert found is None or len(found.proof) == 32
