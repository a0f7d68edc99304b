"""The gate: whether those who have proved who they are may come in (RFC 6120 §6.5.1).

All ways of logging in lead through it (PLAIN, SCRAM, bearer tokens, tokens of our own, tasks):
before a client is told that it has succeeded, and again before a session is bound or taken up, as
time may have passed. It is asked only after the proof: strangers do not learn who is disabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.errors import SASLCondition
from server.sasl.mechanism import Failure

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.stream import ClientStream
    from server.jid import JID

_CHANGED: Final = Failure(SASLCondition.NOT_AUTHORIZED, "the account has changed meanwhile")
_DISABLED: Final = Failure(
    SASLCondition.ACCOUNT_DISABLED, "this account is disabled; ask those who run the server"
)


async def admit(stream: ClientStream, jid: JID) -> Account | Failure:
    """The account, from memory or the database, or why its owner may not come in."""
    assert stream.host is not None
    account = await stream.host.accounts.load(jid)
    return judge(stream, account)


def judge(stream: ClientStream, account: Account | None) -> Account | Failure:
    """The same for an account that is at hand, if it is still there."""
    # A password that was changed since it was shown opens nothing any more.
    if account is None or stream.credentials not in (None, account.credentials):
        return _CHANGED
    return _DISABLED if account.is_disabled else account
