"""The hashed-token family of mechanisms: a login in one step (draft-schmaus-kitten-sasl-ht).

    initiator-hashed = HMAC(token, "Initiator" || cb-data)
    responder-msg    = HMAC(token, "Responder" || cb-data)

A token is made from a secret of the server and a nonce, so what the database keeps is no token.
Account, client and mechanism go into it: it is worthless for any other.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.sasl.binding import TLS_EXPORTER, TLS_SERVER_END_POINT

if TYPE_CHECKING:
    from server.sasl.binding import Bindings

_HASH: Final = "sha256"
_SIZE: Final = 32
#: Mechanism → the channel binding it needs, strongest first. `-UNIQ` is left out on purpose, as
#: `tls-unique` is undefined for TLS 1.3.
MECHANISMS: Final = {
    "HT-SHA-256-EXPR": TLS_EXPORTER,
    "HT-SHA-256-ENDP": TLS_SERVER_END_POINT,
    "HT-SHA-256-NONE": "",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """The only message of the client: a user name, and the proof that it has a token."""

    authcid: str
    proof: bytes


def offered(bindings: Bindings, *, channel_binding: bool = True) -> tuple[str, ...]:
    """The mechanisms that a connection with these channel bindings allows."""
    return tuple(
        name
        for name, needed in MECHANISMS.items()
        if not needed or (channel_binding and needed in bindings)
    )


def parse(data: bytes) -> Claim | None:
    """`authcid NUL initiator-hashed-token`; None if it is not."""
    name, nul, proof = data.partition(b"\0")
    if not name or not nul or len(proof) != _SIZE:
        return None
    try:
        return Claim(name.decode(), proof)
    except UnicodeDecodeError:
        return None


def make_token(secret: bytes, account: str, client: str, mechanism: str, nonce: bytes) -> str:
    """The token of a client, always the same for the same nonce."""
    seed = "\0".join(("fast", account, client, mechanism, "")).encode() + nonce
    return urlsafe_b64encode(hmac.digest(secret, seed, _HASH)).decode().rstrip("=")


def proves(claim: Claim, token: str, binding: bytes) -> bool:
    """Whether the claim was made by one who has the token, on this channel."""
    expected = hmac.digest(token.encode(), b"Initiator" + binding, _HASH)
    # "Token hash comparison itself MUST be performed using constant-time comparison functions"
    # (XEP-0484 §5.1).
    return hmac.compare_digest(claim.proof, expected)


def confirm(token: str, binding: bytes) -> bytes:
    """What shows the client that we have the token too."""
    return hmac.digest(token.encode(), b"Responder" + binding, _HASH)
