"""The PLAIN mechanism: the password itself, for TLS only (RFC 4616)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.errors import SASLCondition
from server.sasl.bearer import Grant, looks_like_token
from server.sasl.identity import account_of, granted_account, may_act_as
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
    from server.sasl.bearer import Trust

NAME = "PLAIN"
_CHEAPEST_FIRST = ("sha256", "sha1", "sha512")


class Plain:
    """One attempt with PLAIN, checked against the SCRAM keys of the account."""

    name = NAME

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._account: JID | None = None
        self._authzid = ""
        self._password = ""
        self._granted = False

    @property
    def is_costly(self) -> bool:
        """Whether a password is to be checked, and not a token."""
        return not self._granted

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
        trust = self._exchange.trust
        if trust is not None and looks_like_token(self._password):
            return self._receive_token(account, trust)
        return NeedCredentials(account.local)

    def _receive_token(self, account: JID, trust: Trust) -> Step:
        """A token stands where the password should: it must name the same user."""
        token, self._password = self._password, ""
        grant = trust.verify(token)
        if not isinstance(grant, Grant):
            return Failure(SASLCondition.NOT_AUTHORIZED, grant)
        if granted_account(grant.username, self._exchange) != account:
            return Failure(SASLCondition.NOT_AUTHORIZED, "the token is somebody else's")
        self._granted = True
        return NeedCredentials(account.local, is_granted=True)

    def supply(self, credentials: Credentials | None) -> Step:
        """Check the password: milliseconds, and as many for an account that does not exist."""
        if self._account is None:
            raise OutOfTurn
        if self._granted:
            if credentials is None:
                return Failure(SASLCondition.NOT_AUTHORIZED, "there is no such account")
            return Success(self._account.local, self._authzid, is_granted=True)
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
