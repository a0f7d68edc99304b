"""The SCRAM family of mechanisms, with and without channel binding (RFC 5802, RFC 7677).

The server proves the password's keys without deriving anything: a login costs three HMACs and
one hash. An account that does not exist gets the same answers up to the last.
"""

from __future__ import annotations

import hashlib
import hmac
from binascii import b2a_base64
from enum import Enum, auto
from typing import TYPE_CHECKING

from server.errors import SASLCondition
from server.sasl.downgrade import advertised_hash, version_text
from server.sasl.gs2 import GS2Header, parse_client_final, parse_client_first
from server.sasl.identity import account_of, may_act_as
from server.sasl.keys import Credentials, ScramKeys, decoy_keys
from server.sasl.mechanism import (
    Challenge,
    Exchange,
    Failure,
    NeedCredentials,
    OutOfTurn,
    Step,
    Success,
)

if TYPE_CHECKING:
    from server.jid import JID

MECHANISMS = {
    "SCRAM-SHA-512": "sha512",
    "SCRAM-SHA-256": "sha256",
    "SCRAM-SHA-1": "sha1",
}
"""Mechanism without -PLUS → the name of its hash in hashlib, strongest first."""

PLUS = "-PLUS"


class _State(Enum):
    FIRST = auto()
    LOOKUP = auto()
    FINAL = auto()
    ENDED = auto()


class Scram:
    """One attempt with one SCRAM mechanism."""

    is_costly = False

    def __init__(self, name: str, exchange: Exchange) -> None:
        self.name = name
        self._hash = MECHANISMS[name.removesuffix(PLUS)]
        self._exchange = exchange
        self._state = _State.FIRST
        self._header: GS2Header
        self._account: JID
        self._keys: ScramKeys
        self._first_bare = ""
        self._server_first = ""
        self._nonce = ""

    def receive(self, data: bytes) -> Step:
        """Take the client's first or final message."""
        if self._state is _State.FIRST:
            step = self._receive_first(data)
        elif self._state is _State.FINAL:
            step = self._receive_final(data)
        else:
            step = Failure(SASLCondition.MALFORMED_REQUEST, "nothing was asked")
        if isinstance(step, (Failure, Success)):
            self._state = _State.ENDED
        return step

    def supply(self, credentials: Credentials | None) -> Step:
        """Answer the client's first message with salt, iterations and our part of the nonce."""
        if self._state is not _State.LOOKUP:
            raise OutOfTurn
        exchange = self._exchange
        # Made for everybody, so that an account costs as much as a missing one.
        keys = decoy_keys(exchange.secret, self._account.local, exchange.iterations, self._hash)
        if credentials is not None:
            keys = credentials.get(self._hash, keys)
        self._keys = keys
        salt = b2a_base64(keys.salt, newline=False).decode()
        self._server_first = f"r={self._nonce},s={salt},i={keys.iterations}{self._protection()}"
        self._state = _State.FINAL
        return Challenge(self._server_first.encode())

    def _receive_first(self, data: bytes) -> Step:
        first = parse_client_first(data)
        if isinstance(first, str):
            return Failure(SASLCondition.MALFORMED_REQUEST, first)
        refused = self._refuse_header(first.header)
        if refused is not None:
            return refused
        account = account_of(first.username, self._exchange.domain)
        if account is None:
            return Failure(SASLCondition.NOT_AUTHORIZED, "there is no such user name")
        if not may_act_as(account, first.header.authzid):
            return Failure(SASLCondition.INVALID_AUTHZID, "you may act only as yourself")
        self._header = first.header
        self._account = account
        self._first_bare = first.bare
        self._nonce = first.nonce + self._exchange.nonce
        self._state = _State.LOOKUP
        return NeedCredentials(account.local)

    def _refuse_header(self, header: GS2Header) -> Failure | None:
        """Hold the channel-binding flag against what was offered (RFC 5802 §6)."""
        is_plus = self.name.endswith(PLUS)
        if header.flag == "p":
            if not is_plus:
                return Failure(SASLCondition.MALFORMED_REQUEST, f"{self.name} binds to no channel")
            if header.binding not in self._exchange.bindings:
                return Failure(
                    SASLCondition.NOT_AUTHORIZED, "this channel binding is not supported"
                )
            return None
        if is_plus:
            return Failure(SASLCondition.MALFORMED_REQUEST, f"{self.name} needs a channel binding")
        # "If the flag is set to "y" and the server supports channel binding, the server MUST
        # fail authentication" (RFC 5802 §6): someone has removed -PLUS from our offer.
        if header.flag == "y" and any(m.endswith(PLUS) for m in self._exchange.mechanisms):
            return Failure(
                SASLCondition.NOT_AUTHORIZED, "channel binding was offered: someone has hidden it"
            )
        return None

    def _protection(self) -> str:
        """Extensions of our first message against downgrades (XEP-0474 §6.1, XEP-0515 §4.1)."""
        exchange = self._exchange
        text = ""
        if exchange.mechanisms:
            text = f",h={advertised_hash(self._hash, exchange.mechanisms, exchange.binding_types)}"
        if exchange.tls_version:
            text += f",t={version_text(exchange.tls_version)}"
        return text

    def _receive_final(self, data: bytes) -> Step:
        final = parse_client_final(data)
        if isinstance(final, str):
            return Failure(SASLCondition.MALFORMED_REQUEST, final)
        if final.nonce != self._nonce:
            return Failure(SASLCondition.NOT_AUTHORIZED, "the nonce is not ours")
        if not hmac.compare_digest(final.binding, self._expected_binding()):
            return Failure(SASLCondition.NOT_AUTHORIZED, "the channel bindings differ")
        keys = self._keys
        auth_message = f"{self._first_bare},{self._server_first},{final.without_proof}".encode()
        if not _proves(final.proof, keys, auth_message):
            return Failure(SASLCondition.NOT_AUTHORIZED, "the user name or the password is wrong")
        signature = hmac.digest(keys.server_key, auth_message, keys.hash)
        verifier = b"v=" + b2a_base64(signature, newline=False)
        return Success(self._account.local, self._header.authzid, verifier)

    def _expected_binding(self) -> bytes:
        """What the client must send as `c=`: its own GS2 header and our channel's data."""
        header = self._header
        if header.flag != "p":
            return header.raw
        return header.raw + self._exchange.bindings[header.binding]()


def _proves(proof: bytes, keys: ScramKeys, auth_message: bytes) -> bool:
    """Whether the proof was made by one who knows the client key (RFC 5802 §3)."""
    signature = hmac.digest(keys.stored_key, auth_message, keys.hash)
    if len(proof) != len(signature):
        return False
    mixed = int.from_bytes(proof, "big") ^ int.from_bytes(signature, "big")
    client_key = mixed.to_bytes(len(signature), "big")
    return hmac.compare_digest(hashlib.new(keys.hash, client_key).digest(), keys.stored_key)
