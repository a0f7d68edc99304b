"""Encryption and signatures of Web Push, by the example of RFC 8291 and as a browser reads them."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from extensions.push import webpush

CURVE = ec.SECP256R1()


def b64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# RFC 8291 §5 and Appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = b64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
RECEIVER = b64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
PUBLIC = b64(
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
SECRET = b64("BTBZMqHH6r4Tts7J_aSIgg")
SALT = b64("DGv6ra1nlYgDCS1FRnbzlw")
MESSAGE = b64(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6T"
    "lzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4"
    "a-fN"
)


def decrypt(message: bytes, private: bytes, public: bytes, secret: bytes) -> bytes:
    """As the device does it (RFC 8291 §3.4, RFC 8188 §2)."""
    salt, point, data = message[:16], message[21:86], message[86:]
    assert message[20] == len(point)
    mine = ec.derive_private_key(int.from_bytes(private, "big"), CURVE)
    shared = mine.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point))

    def expand(salt: bytes, key: bytes, info: bytes, size: int) -> bytes:
        prk = hmac.digest(salt, key, "sha256")
        return hmac.digest(prk, info + b"\x01", "sha256")[:size]

    ikm = expand(secret, shared, b"WebPush: info\x00" + public + point, 32)
    key = expand(salt, ikm, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = expand(salt, ikm, b"Content-Encoding: nonce\x00", 12)
    return AESGCM(key).decrypt(nonce, data, None).rstrip(b"\0").removesuffix(b"\x02")


def test_the_example_of_the_specification() -> None:
    chance = (int.from_bytes(SENDER, "big") - 1).to_bytes(32, "big")
    assert webpush.encrypt(PLAIN, PUBLIC, SECRET, SALT, chance) == MESSAGE


@given(
    st.binary(max_size=3000),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_encrypted_can_be_read(plain: bytes, salt: bytes, chance: bytes) -> None:
    message = webpush.encrypt(plain, PUBLIC, SECRET, salt, chance)
    assert len(message) == len(plain) + webpush.OVERHEAD
    if not plain.endswith((b"\0", b"\x02")):
        assert decrypt(message, RECEIVER, PUBLIC, SECRET) == plain


@pytest.mark.parametrize(("key", "expected"), [
    (PUBLIC, True),
    (b"", False),
    (PUBLIC[:-1], False),
    (PUBLIC[:-1] + b"\0", False),
    (b"\x04" + bytes(64), False),
    (b"\x02" + PUBLIC[1:33], False),
    (b"\x00", False),
])  # fmt: skip
def test_points(key: bytes, expected: bool) -> None:
    assert webpush.is_public(key) is expected


def pkcs8(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )  # fmt: skip


def test_a_token() -> None:
    """RFC 8292 §2, verified as a push service does."""
    key = webpush.signing_key(pkcs8(ec.derive_private_key(7, CURVE)))
    assert key is not None
    token = webpush.signed(key, {"aud": "https://p.example", "exp": "1"}, "mailto:a@b", 1e9)
    head, payload, signature = token.decode().split(".")
    assert json.loads(b64(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(b64(payload)) == {
        "aud": "https://p.example", "exp": 1_000_000_000 + webpush.LIFETIME, "sub": "mailto:a@b",
    }  # fmt: skip
    raw = b64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.public_key().verify(der, f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))


def test_keys_that_do_not_fit() -> None:
    assert webpush.signing_key(b"") is None
    assert webpush.signing_key(b"hello") is None
    assert webpush.signing_key(pkcs8(ec.derive_private_key(7, ec.SECP384R1()))) is None
