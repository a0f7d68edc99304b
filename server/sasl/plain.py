"""The PLAIN mechanism: the password itself, for TLS only (RFC 4616)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.errors import SASLCondition
from server.sasl.identity import account_of, may_act_as
from server.sasl.keys import (
    Credentials,
    ScramKeys,
    decoy_keys,
    password_matches,
)
from server.sasl.mechanism import Exchange, Failure, NeedCredentials, OutOfTurn, Step, Success
from server.sasl.password import PasswordRefused

if TYPE_CHECKING:
    from server.jid import JID

NAME = "PLAIN"
_CHEAPEST_FIRST = ("sha256", "sha1", "sha512")


class Plain:
    """One attempt with PLAIN, checked against the SCRAM keys of the account."""

    name = NAME
    is_costly = True

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._account: JID | None = None
        self._authzid = ""
        self._password = ""

    def receive(self, data: bytes) -> Step:
        """Take the only message of the client (§2)."""
        parts = _parse(data)
        if parts is None:
            return Failure(
                SASLCondition.MALFORMED_REQUEST, "expected authzid NUL authcid NUL password"
            )
        self._authzid, authcid, self._password = parts
        account = account_of(authcid, self._exchange.domain)
        if account is None:
            return Failure(SASLCondition.NOT_AUTHORIZED, "there is no such user name")
        if not may_act_as(account, self._authzid):
            return Failure(SASLCondition.INVALID_AUTHZID, "you may act only as yourself")
        self._account = account
        return NeedCredentials(account.local)

    def supply(self, credentials: Credentials | None) -> Step:
        """Check the password: milliseconds, and as many for an account that does not exist."""
        if self._account is None:
            raise OutOfTurn
        keys = self._keys(credentials or {}, self._account.local)
        password, self._password = self._password, ""
        try:
            matches = password_matches(password, keys)
        except PasswordRefused:
            matches = False
        if not matches:
            return Failure(SASLCondition.NOT_AUTHORIZED, "the user name or the password is wrong")
        return Success(self._account.local, self._authzid)

    def _keys(self, credentials: Credentials, username: str) -> ScramKeys:
        for name in _CHEAPEST_FIRST:
            if name in credentials:
                return credentials[name]
        exchange = self._exchange
        return decoy_keys(exchange.secret, username, exchange.iterations, _CHEAPEST_FIRST[0])


def _parse(data: bytes) -> tuple[str, str, str] | None:
    """`[authzid] NUL authcid NUL passwd`, in UTF-8 (§2); None if it is not."""
    try:
        parts = data.decode().split("\0")
    except UnicodeDecodeError:
        return None
    if len(parts) != 3 or not parts[1] or not parts[2]:
        return None
    return parts[0], parts[1], parts[2]
