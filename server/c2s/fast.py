"""Logging in with a token instead of a password, in one step (XEP-0484)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.clients import name_of
from server.errors import SASLCondition
from server.sasl import hashed_token
from server.sasl.binding import NO_BINDINGS, bindings_of
from server.sasl.encoding import decode
from server.sasl.identity import account_of
from server.sasl.mechanism import Failure, Success
from server.storage import clients as store
from server.storage.clients import NEW, TokenRow
from server.timestamps import stamp

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.login import Login
    from server.c2s.stream import ClientStream
    from server.jid import JID
    from server.sasl.binding import Bindings
    from server.server import Server
    from server.storage.insert import Step

_NONCE: Final = 16
_REFUSED: Final = Failure(SASLCondition.NOT_AUTHORIZED, "the user name or the token is wrong")
_MALFORMED: Final = Failure(
    SASLCondition.MALFORMED_REQUEST, "expected a user name, NUL and the hash of a token"
)


def bindings_for(stream: ClientStream) -> Bindings:
    """The channel bindings of a stream's connection."""
    connection = stream.connection
    if not connection.is_secure or connection.tls is None:
        return NO_BINDINGS
    return bindings_of(connection.tls)


def mechanisms(stream: ClientStream, bindings: Bindings) -> tuple[str, ...]:
    """What is offered on this stream.

    "FAST authentication MUST only be performed over a secure connection" (§6), which a server that
    requires no TLS believes to have.
    """
    server = stream.server
    if not server.config.clients.tokens:
        return ()
    if not stream.connection.is_secure and server.config.tls.require:
        return ()
    return hashed_token.offered(bindings, channel_binding=server.sasl_policy.channel_binding)


async def authenticate(stream: ClientStream, login: Login) -> Success | Failure:
    """Check the client's proof against its tokens (§5.1)."""
    request, host = login.request, stream.host
    assert host is not None
    bindings = bindings_for(stream)
    if request.mechanism not in mechanisms(stream, bindings):
        return Failure(SASLCondition.INVALID_MECHANISM, "this mechanism was not offered")
    data = decode(request.initial or "")
    claim = hashed_token.parse(data) if data is not None else None
    # "They MUST also provide the a SASL2 <user-agent> element with an 'id' attribute" (§4.1)
    if claim is None or not request.agent.id:
        return _MALFORMED
    jid = account_of(claim.authcid, host.domain)
    if jid is None:
        return _REFUSED
    needed = hashed_token.MECHANISMS[request.mechanism]
    binding = bindings[needed]() if needed else b""
    login.client = name_of(stream.server.secret, jid, request.agent.id)
    known = host.accounts.known(jid)
    credentials = None if known is None else known.credentials
    step = await _check(stream.server, login, jid, claim, binding)
    if isinstance(step, Failure):
        return step
    # Only now, so that strangers load no accounts. If the password was changed in between, the
    # token is gone.
    account = await host.accounts.load(jid)
    is_same = account is known and account is not None and account.credentials is credentials
    if account is None or not (is_same or await _is_there(stream.server, login, account)):
        return _REFUSED
    stream.credentials = account.credentials
    return step


async def _is_there(server: Server, login: Login, account: Account) -> bool:
    """Whether the token has not been revoked meanwhile."""
    nonce = b"" if login.token is None else login.token.nonce
    found = await store.find(server.database, account.id, login.client)
    return found is not None and any(row.nonce == nonce for row in found.tokens)


async def _check(
    server: Server, login: Login, jid: JID, claim: hashed_token.Claim, binding: bytes
) -> Success | Failure:
    found = await store.find_of(server.database, jid, login.client)
    if found is None:
        return _REFUSED
    number, login.known = found
    mechanism = login.request.mechanism
    # The new token first, then the current one.
    for row in reversed(login.known.tokens):
        # "Servers MUST bind tokens to the mechanism selected by the client in its original
        # request, and reject attempts to use them with other mechanisms" (§3.4)
        if row.mechanism != mechanism:
            continue
        token = _token(server, jid, login.client, row)
        if not hashed_token.proves(claim, token, binding):
            continue
        if row.expiry <= _now(server):
            return Failure(SASLCondition.CREDENTIALS_EXPIRED, "this token has expired")
        if not await _counts(server, login, number, row):
            return Failure(SASLCondition.NOT_AUTHORIZED, "this count was seen before")
        login.token = row
        return Success(jid.local, "", hashed_token.confirm(token, binding))
    return _REFUSED


async def _counts(server: Server, login: Login, number: int, row: TokenRow) -> bool:
    """Whether the counter is higher than all before: "This protects against replay" (§3.4)."""
    fast = login.request.fast
    if fast is None or fast.count is None:
        return True
    if fast.count <= row.count:
        return False
    return await store.count_up(server.database, number, login.client, row.nonce, fast.count)


def settle(stream: ClientStream, login: Login) -> tuple[bytes, list[Step]]:
    """After a login: the token to hand out, if any, and what is to be written."""
    server = stream.server
    account, request, used = login.account, login.request, login.token
    assert account is not None
    steps: list[Step] = []
    # "one of the FAST mechanisms advertised by the server" (§3.2)
    wanted = request.token_for
    if wanted and wanted not in mechanisms(stream, bindings_for(stream)):
        wanted = ""
    if used is not None:
        if request.fast is not None and request.fast.invalidate:
            # "the server MUST immediately invalidate the token" (§3.6)
            steps.append(store.dropping_tokens(account.id, login.client))
        elif used.slot == NEW:
            steps += store.promoting(account.id, login.client)
            wanted = wanted or _due(server, used)
        else:
            wanted = wanted or _due(server, used)
    if not wanted:
        return b"", steps
    return _issue(server, login, wanted, steps)


def _due(server: Server, used: TokenRow) -> str:
    """The mechanism of the next token, when this one has served long enough (§3.5)."""
    age = _now(server) - used.issued
    return used.mechanism if age >= float(server.config.clients.token_rotation) * 1000 else ""


def _issue(
    server: Server, login: Login, mechanism: str, steps: list[Step]
) -> tuple[bytes, list[Step]]:
    account = login.account
    assert account is not None
    now = _now(server)
    expiry = now + int(float(server.config.clients.token_lifetime) * 1000)
    row = TokenRow(NEW, mechanism, server.entropy.bytes(_NONCE), now, expiry)
    token = _token(server, account.jid, login.client, row)
    steps.append(store.issuing(account.id, login.client, row))
    return (
        b"<token xmlns='urn:xmpp:fast:0' expiry='%s' token='%s'/>"
        % (stamp(expiry), token.encode()),
        steps,
    )


def _token(server: Server, account: JID, client: str, row: TokenRow) -> str:
    return hashed_token.make_token(server.secret, account, client, row.mechanism, row.nonce)


def _now(server: Server) -> int:
    return int(server.clock.utcnow() * 1000)
