"""Tokens of an issuer: which are valid, and every way in which they are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from server.sasl.bearer import (
    LONGEST,
    Grant,
    Key,
    NoKeysError,
    Verifier,
    looks_like_token,
    parse_keys,
)
from tests.harness.clock import EPOCH
from tests.harness.issuer import AUDIENCE, ISSUER, Issuer

OURS, THEIRS = Issuer(1), Issuer(2)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def verifier(keys: tuple[Key, ...] | None = None, **more: Any) -> Verifier:
    known: dict[str, Any] = {"algorithms": ("EdDSA", "RS256", "ES256"), **more}
    return Verifier(ISSUER, AUDIENCE, parse_keys(OURS.jwks) if keys is None else keys, **known)


def verify(token: str, now: float = EPOCH) -> Grant | str:
    return verifier().verify(token, now)


def test_a_valid_token() -> None:
    assert verify(OURS.sign()) == Grant("anna", EPOCH + 3600)
    assert verify(OURS.sign(aud=["other", AUDIENCE])) == Grant("anna", EPOCH + 3600)
    assert verify(OURS.sign(iat=EPOCH + 9999, jti="x", scope="y")) == Grant("anna", EPOCH + 3600)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://other.example/"}, "the token is of another issuer"),
        ({"iss": None}, "the token does not say 'iss'"),
        ({"aud": "other"}, "the token is not made for this server"),
        ({"aud": []}, "the token does not say 'aud'"),
        ({"aud": None}, "the token does not say 'aud'"),
        ({"exp": None}, "the token does not say 'exp'"),
        ({"exp": EPOCH - 31}, "the token has expired"),
        ({"exp": True}, "the times of the token are no numbers"),
        ({"exp": "2050-01-01"}, "the times of the token are no numbers"),
        ({"nbf": EPOCH + 31}, "the token is not valid yet"),
        ({"nbf": "soon"}, "the times of the token are no numbers"),
        ({"sub": None}, "the token does not say 'sub'"),
        ({"sub": ""}, "the claim 'sub' is no name"),
        ({"sub": 17}, "the claim 'sub' is no name"),
        ({"sub": ["anna"]}, "the claim 'sub' is no name"),
    ],
)
def test_what_must_be_said(claims: dict[str, Any], reason: str) -> None:
    subject = claims.get("sub")
    if "sub" in claims and not isinstance(subject, str | None):
        token = _raw(claims)  # the library would not sign it
    else:
        token = OURS.sign(**claims)
    assert verify(token) == reason


def _raw(claims: dict[str, Any]) -> str:
    """A token with claims of any kind, signed by ours."""
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": EPOCH + 3600, **claims}
    head = _encode(json.dumps({"alg": "EdDSA", "kid": "one"}).encode())
    body = _encode(json.dumps(said).encode())
    return f"{head}.{body}.{_encode(OURS.key.sign(f'{head}.{body}'.encode()))}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_clocks_may_differ_a_little() -> None:
    assert isinstance(verify(OURS.sign(exp=EPOCH - 29)), Grant)
    assert isinstance(verify(OURS.sign(nbf=EPOCH + 29)), Grant)
    assert isinstance(verify(OURS.sign(), EPOCH + 3629), Grant)
    assert verify(OURS.sign(), EPOCH + 3630) == "the token has expired"


def test_a_key_of_somebody_else() -> None:
    unsigned = "the token is not signed by a key of the issuer"
    assert verify(THEIRS.sign()) == unsigned
    assert verify(OURS.sign(headers={"kid": "two"})) == unsigned
    assert isinstance(verify(OURS.sign(headers={"kid": ""})), Grant)
    token = OURS.sign()
    assert verify(token[:-4] + "AAAA") == unsigned
    head, _, signature = token.split(".")
    other = OURS.sign(sub="ben").split(".")[1]
    assert verify(f"{head}.{other}.{signature}") == unsigned


def test_no_signature_is_no_proof() -> None:
    """RFC 8725 §2.1: `none` was accepted by many."""
    body = OURS.sign().split(".")[1]
    for name in ("none", "None", "NONE", ""):
        head = _encode(json.dumps({"alg": name}).encode())
        assert verify(f"{head}.{body}.") == "the token is signed in a way that is not taken here"


def test_a_public_key_is_no_secret() -> None:
    """RFC 8725 §2.1: HS256 with the public key as its secret."""
    said = OURS.sign().split(".")[1]
    head = _encode(json.dumps({"alg": "HS256"}).encode())
    for secret in (OURS.pem, OURS.jwks, OURS.pem.strip()):
        signature = _encode(hmac.digest(secret, f"{head}.{said}".encode(), hashlib.sha256))
        token = f"{head}.{said}.{signature}"
        assert isinstance(verify(token), str)
        lenient = verifier(parse_keys(OURS.pem), algorithms=("EdDSA", "HS256"))
        assert isinstance(lenient.verify(token, EPOCH), str)


def test_extensions_that_must_be_understood() -> None:
    """RFC 7515 §4.1.11."""
    token = OURS.sign(headers={"crit": ["exp"], "exp": 1})
    assert isinstance(verify(token), str)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "eyJ.eyJ.x", "e30.e30.e30", "\u2028", "é"]
)
def test_nonsense(token: str) -> None:
    assert isinstance(verify(token), str)


def test_a_token_of_any_length_costs_little() -> None:
    assert verify("a" * (LONGEST + 1)) == "the token is too long"


@given(st.text(max_size=200))
def test_nothing_raises(token: str) -> None:
    assert isinstance(verify(token), str)


@given(st.data())
def test_a_changed_token_is_never_valid(data: st.DataObject) -> None:
    token = OURS.sign()
    place = data.draw(st.integers(0, len(token) - 1))
    char = data.draw(st.sampled_from("ABCXYZabcxyz019-_."))
    changed = token[:place] + char + token[place + 1 :]
    outcome = verify(changed)
    # The last character of base64 has bits that mean nothing.
    if changed != token and place != len(token) - 1:
        assert isinstance(outcome, str)


def test_keys_of_other_kinds() -> None:
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": EPOCH + 3600}
    for key, algorithm in ((RSA, "RS256"), (EC, "ES256")):
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        found = parse_keys(pem)
        token = jwt.encode(said, key, algorithm)
        assert isinstance(verifier(found).verify(token, EPOCH), Grant)
        assert isinstance(verifier().verify(token, EPOCH), str)


def test_a_shared_secret() -> None:
    secret = bytes(range(32))
    jwk = {"kty": "oct", "k": _encode(secret), "kid": "s", "alg": "HS256"}
    keys = parse_keys(json.dumps({"keys": [jwk]}).encode())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": EPOCH + 3600}
    token = jwt.encode(said, secret, "HS256")
    assert isinstance(verifier(keys).verify(token, EPOCH), str)
    assert isinstance(verifier(keys, algorithms=("HS256",)).verify(token, EPOCH), Grant)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"{}", b"[]", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [1, {"kty": "??"}]}',
     b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_keys(data: bytes) -> None:
    with pytest.raises(NoKeysError):
        parse_keys(data)


def test_keys_that_are_not_understood_are_passed_over() -> None:
    """RFC 7517 §5."""
    strange = [{"kty": "RSA"}, {"kty": "OKP", "use": "enc"}, {"kty": "oct"}, {"kty": []}, [], None]
    members = [*strange, *json.loads(OURS.jwks)["keys"]]
    found = parse_keys(json.dumps({"keys": members}).encode())
    assert [key.id for key in found] == ["one"]


VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 5, -1, 1.5, "", "AQAB", "!!", "é", [], {}, ["x"], "P-256", "Ed25519", "RS256"]
)
MEMBERS = st.fixed_dictionaries(
    {"kty": st.sampled_from(["RSA", "EC", "OKP", "oct"]) | VALUES},
    optional=dict.fromkeys(["n", "e", "k", "x", "y", "crv", "alg", "kid", "use", "d"], VALUES),
)


@given(st.lists(MEMBERS | VALUES, max_size=4))
def test_no_set_of_keys_does_any_harm(members: list[object]) -> None:
    with suppress(NoKeysError):
        parse_keys(json.dumps({"keys": members}).encode())


@given(st.binary(max_size=200))
def test_nor_do_any_bytes(data: bytes) -> None:
    with suppress(NoKeysError):
        parse_keys(data)


def test_a_private_key_is_no_key_any_more() -> None:
    """Whoever has read it can sign."""
    for jwk in (
        RSAAlgorithm.to_jwk(RSA, as_dict=True),
        ECAlgorithm.to_jwk(EC, as_dict=True),
        OKPAlgorithm.to_jwk(OURS.key, as_dict=True),
    ):
        with pytest.raises(NoKeysError):
            parse_keys(json.dumps({"keys": [jwk]}).encode())


def test_short_keys_are_none() -> None:
    """RFC 7518 §3.2, §3.3."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    with pytest.raises(NoKeysError, match="2048"):
        parse_keys(short.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    jwk = RSAAlgorithm.to_jwk(short, as_dict=True)
    with pytest.raises(NoKeysError):
        parse_keys(json.dumps({"keys": [jwk]}).encode())
    for size, algorithm, fits in (
        (31, "HS256", False), (32, "HS256", True), (47, "HS384", False), (48, "HS384", True),
        (63, "HS512", False), (64, "HS512", True), (64, "HS256", True),
    ):  # fmt: skip
        assert Key("", "oct", bytes(size)).fits(algorithm) is fits


def test_what_looks_like_a_token() -> None:
    assert looks_like_token(OURS.sign())
    assert not looks_like_token("secret")
    assert not looks_like_token("eyJ.x")
