"""The OAUTHBEARER mechanism: a bearer token instead of a password (RFC 7628)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from server.errors import SASLCondition
from server.sasl.bearer import Grant
from server.sasl.identity import account_of, granted_account, may_act_as
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
    from server.sasl.keys import Credentials

NAME: Final = "OAUTHBEARER"
_SEPARATOR: Final = "\x01"


class OAuthBearer:
    """One attempt with OAUTHBEARER."""

    name = NAME
    is_costly = False

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._account: JID | None = None
        self._authzid = ""
        self._refusal: Failure | None = None

    def receive(self, data: bytes) -> Step:
        """Take the token (§3.1), or the client's nod to our refusal (§3.2.3)."""
        if self._refusal is not None:
            return self._refusal
        found = _parse(data)
        if isinstance(found, str):
            return Failure(SASLCondition.MALFORMED_REQUEST, found)
        authzid, token = found
        trust = self._exchange.trust
        # "A client … can … send a request without a token" to learn what is needed (§4.3).
        outcome = trust.verify(token) if trust is not None and token else "there is no token"
        if not isinstance(outcome, Grant):
            return self._refuse(outcome)
        account = granted_account(outcome.username, self._exchange)
        if account is None:
            return self._refuse("the token names nobody of this domain")
        name = authzid.removeprefix("a=")
        if name and account_of(name, self._exchange.domain) != account:
            return Failure(SASLCondition.INVALID_AUTHZID, "you may act only as yourself")
        self._account = account
        self._authzid = name if may_act_as(account, name) else ""
        return NeedCredentials(account.local, is_granted=True)

    def supply(self, credentials: Credentials | None) -> Step:
        """The token was valid: it depends on whether the account exists."""
        if self._account is None:
            raise OutOfTurn
        if credentials is None:
            return self._refuse("there is no such account")
        return Success(self._account.local, self._authzid, is_granted=True)

    def _refuse(self, text: str) -> Challenge:
        """Say what is wrong in JSON; the client must answer before the attempt fails (§3.2.2)."""
        self._refusal = Failure(SASLCondition.NOT_AUTHORIZED, text)
        answer = {"status": "invalid_token"}
        trust = self._exchange.trust
        if trust is not None and trust.discovery:
            answer["openid-configuration"] = trust.discovery
        return Challenge(json.dumps(answer).encode())


def _parse(data: bytes) -> tuple[str, str] | str:
    """The authorization identity with its `a=`, and the token; or what is wrong (§3.1).

    `gs2-header kvsep *kvpair kvsep`
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    header, *pairs = text.split(_SEPARATOR)
    flag, comma, rest = header.partition(",")
    authzid, _, more = rest.partition(",")
    if flag not in ("n", "y") or not comma or more or len(pairs) < 2 or any(pairs[-2:]):
        return "expected a GS2 header, then pairs of keys and values"
    values = [pair.partition("=")[2] for pair in pairs if pair.startswith("auth=")]
    if (authzid and not authzid.startswith("a=")) or len(values) != 1:
        return "expected one value for auth"
    scheme, _, token = values[0].partition(" ")
    # "the auth-scheme … is case-insensitive" (RFC 7235 §2.1)
    if values[0] and scheme.lower() != "bearer":
        return "the scheme is not Bearer"
    return authzid.replace("=2C", ",").replace("=3D", "="), token.strip()
