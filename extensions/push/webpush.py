"""Encryption and signatures of Web Push (RFC 8291, RFC 8188, RFC 8292); pure.

A device, or the browser it runs in, gives a public key and a secret; what is encrypted for these
nobody on the way can read. A client that has a key pair for its own push service has the server
sign with it, so that the service takes it for the client's.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC_BYTES: Final = 65
SECRET_BYTES: Final = 16
SALT_BYTES: Final = 16
PRIVATE_BYTES: Final = 32
#: What goes around the plain text: header, delimiter, tag.
OVERHEAD: Final = SALT_BYTES + 4 + 1 + PUBLIC_BYTES + 1 + 16
_RECORD: Final = 4096

#: "An 'exp' … MUST NOT be more than 24 hours from the time of the request" (RFC 8292 §2).
LIFETIME: Final = 12 * 3600

_CURVE: Final = ec.SECP256R1()
#: The order of the curve, of which a private key is less (SEC 2 §2.4.2).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def is_public(key: bytes) -> bool:
    """Whether this is a point that keys can be agreed on with, uncompressed."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key)
    except ValueError:
        return False
    return len(key) == PUBLIC_BYTES


def encrypt(plain: bytes, public: bytes, secret: bytes, salt: bytes, chance: bytes) -> bytes:
    """One record for the holder of these keys; `chance` becomes the key of the sender (§3.4)."""
    private = ec.derive_private_key(1 + int.from_bytes(chance, "big") % (_ORDER - 1), _CURVE)
    point = raw_public(private)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public)
    shared = private.exchange(ec.ECDH(), theirs)
    ikm = _expand(_digest(secret, shared), b"WebPush: info\0" + public + point, 32)
    prk = _digest(salt, ikm)
    key = _expand(prk, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _expand(prk, b"Content-Encoding: nonce\0", 12)
    header = salt + _RECORD.to_bytes(4, "big") + bytes([len(point)]) + point
    # "The padding delimiter octet MUST be 0x02 for the last record" (RFC 8188 §2).
    return header + AESGCM(key).encrypt(nonce, plain + b"\2", None)


def _digest(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _expand(prk: bytes, info: bytes, size: int) -> bytes:
    """HKDF of at most one block (RFC 5869 §2.3)."""
    return _digest(prk, info + b"\1")[:size]


def signing_key(der: bytes) -> ec.EllipticCurvePrivateKey | None:
    """A key pair of the curve P-256 (PKCS #8); None if it is none."""
    try:
        key = serialization.load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    is_right = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    return key if is_right and isinstance(key, ec.EllipticCurvePrivateKey) else None


def raw_public(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed."""
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def signed(
    key: ec.EllipticCurvePrivateKey, claims: Mapping[str, str], contact: str, unix: float
) -> bytes:
    """A token for the push service (RFC 8292 §2, RFC 7515 with ES256)."""
    payload = {**claims, "exp": int(unix) + LIFETIME, "sub": contact}
    text = b".".join(map(_encode, ({"typ": "JWT", "alg": "ES256"}, payload)))
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return text + b"." + _base64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _encode(part: object) -> bytes:
    return _base64(msgspec.json.encode(part))


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
