"""SASL in its first form, on a client stream (RFC 6120 §6)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from server import log
from server.c2s.admission import admit
from server.c2s.phase import Phase
from server.errors import SASLCondition, StreamCondition, StreamError
from server.jid import JID, JIDMalformed
from server.sasl.attempt import Attempt
from server.sasl.binding import NO_BINDINGS, bindings_of
from server.sasl.mechanism import (
    Challenge,
    Exchange,
    Failure,
    NeedCredentials,
    Step,
    Success,
)
from server.sasl.negotiate import NS, offer
from server.sasl.payloads import build
from server.storage import accounts as store

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.c2s.phase import Table
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.sasl.keys import Credentials

#: "the server SHOULD … allow … a configurable but reasonable number of retries (at least 2 and no
#: more than 5)" (RFC 6120 §6.4.4)
ATTEMPTS: Final = 4
#: An attempt that fails before it has named an account guesses nothing, so as many of these count
#: as one. COMPAT: slixmpp 1.8 (Debian 12) tries every -PLUS with tls-unique, which TLS 1.3 does not
#: have (RFC 9266 §3), then all others with the claim that none was offered, and at last PLAIN.
UNNAMED: Final = 3

BLOCKED: Final = Failure(SASLCondition.TEMPORARY_AUTH_FAILURE, "too many failures; wait")

_log = log.get(__name__)


def auth(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """The client chooses a mechanism (§6.4.2)."""
    stream.attempt = Attempt(exchange(stream), stream.server.sasl_policy)
    return _step(stream, stream.attempt.begin(element.get("mechanism") or "", element.text))


def response(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """The client answers a challenge (§6.4.3)."""
    if stream.attempt is None:
        return _step(stream, Failure(SASLCondition.MALFORMED_REQUEST, "no attempt is under way"))
    # Asked again: many attempts may have begun before the first of them failed.
    if is_blocked(stream):
        return _step(stream, BLOCKED)
    return _step(stream, stream.attempt.respond(element.text or ""))


def abort(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """The client gives up (§6.4.4)."""
    if stream.attempt is None:
        return _step(stream, Failure(SASLCondition.ABORTED, "no attempt is under way"))
    return _step(stream, stream.attempt.abort())


def exchange(stream: ClientStream) -> Exchange:
    """What an attempt on this stream must know."""
    server, connection, host = stream.server, stream.connection, stream.host
    assert host is not None
    tls = connection.tls if connection.is_secure else None
    bindings = NO_BINDINGS if tls is None else bindings_of(tls)
    offered = offer(server.sasl_policy, bindings, is_secure=tls is not None)
    return Exchange(
        domain=host.domain,
        nonce=server.entropy.token(18),
        secret=server.secret,
        mechanisms=offered.mechanisms,
        binding_types=offered.binding_types,
        bindings=bindings,
        tls_version=0 if tls is None else tls.version,
        iterations=server.config.auth.scram_iterations,
        trust=None if server.issuer is None else server.issuer.trust,
    )


def _step(stream: ClientStream, step: Step) -> Awaitable[None] | None:
    if isinstance(step, NeedCredentials):
        return _look_up(stream, step)
    if isinstance(step, Success):
        return _succeeded(stream, step)
    if isinstance(step, Failure):
        _failed(stream, step)
    elif isinstance(step, Challenge):
        stream.write(build(step))
    return None


async def _look_up(stream: ClientStream, need: NeedCredentials) -> None:
    step = await supply(stream, need)
    if stream.phase is Phase.UNAUTHENTICATED:
        pending = _step(stream, step)
        if pending is not None:
            await pending


async def supply(stream: ClientStream, need: NeedCredentials) -> Step:
    """Give the attempt what it needs of the account; on a thread what takes long."""
    attempt, host, username = stream.attempt, stream.host, need.username
    assert attempt is not None
    assert host is not None
    if is_blocked(stream):
        return BLOCKED
    credentials: Credentials | None = None
    stream.credentials = None
    with suppress(JIDMalformed):
        jid = JID.parse(f"{username}@{host.domain}")
        # Always one read and never more: how long it takes does not tell whether there is such an
        # account, nor whether its owner is online; and strangers load nobody's roster.
        credentials = await store.find_credentials(stream.server.database, jid)
    if credentials is not None:
        stream.credentials = credentials
    elif need.is_granted and await _create(stream, username):
        credentials = {}
    if attempt.is_costly:
        return await _compute(stream, attempt, credentials)
    return attempt.supply(credentials)


async def _compute(stream: ClientStream, attempt: Attempt, credentials: Credentials | None) -> Step:
    """Check a password, on a thread, when it is the turn of one from there."""
    async with stream.server.throttle.turn(stream.connection.peer):
        # Others may have failed meanwhile, and whoever has gone wants to know nothing.
        if is_blocked(stream) or stream.phase is Phase.CLOSED:
            return BLOCKED
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, attempt.supply, credentials)


def is_blocked(stream: ClientStream) -> bool:
    """Whether so many attempts from there have failed that this one has to wait."""
    name = _wanted(stream)
    return bool(name) and stream.server.throttle.is_blocked(stream.connection.peer, name)


def _wanted(stream: ClientStream) -> str:
    """Whom the attempt under way is about; "" if none is, or that is not known yet."""
    attempt, host = stream.attempt, stream.host
    if attempt is None or host is None or not attempt.username:
        return ""
    return f"{attempt.username}@{host.domain}"


async def _create(stream: ClientStream, username: str) -> bool:
    """Make the account of a user for whom the issuer vouches, if the operator wants that."""
    issuer, host = stream.server.issuer, stream.host
    if issuer is None or not issuer.creates_accounts or host is None:
        return False
    jid = JID.parse(f"{username}@{host.domain}")
    now = int(stream.server.clock.utcnow() * 1000)
    with suppress(store.AccountExists):  # another device of the same user was quicker
        await store.create_account(stream.server.database, jid, (), now)
    return True


async def _succeeded(stream: ClientStream, success: Success) -> None:
    assert stream.host is not None
    admitted = await admit(stream, JID.parse(f"{success.username}@{stream.host.domain}"))
    if stream.phase is not Phase.UNAUTHENTICATED:
        return
    if isinstance(admitted, Failure):
        _failed(stream, admitted)
        return
    stream.account_name = admitted.jid.local
    stream.attempt = None
    stream.write(build(success))
    stream.reopen(Phase.REOPENING)


def _failed(stream: ClientStream, failure: Failure) -> None:
    failed(stream, failure, build(failure))


def failed(stream: ClientStream, failure: Failure, answer: bytes) -> None:
    """The attempt has failed: say so, and hold it against the client."""
    assert stream.host is not None
    name = _wanted(stream)
    stream.attempt = None
    stream.failures += UNNAMED if name else 1
    figures = stream.server.figures
    (figures.blocked if failure is BLOCKED else figures.refused).value += 1
    _log.info(
        "login.failed", host=stream.host.domain, peer=stream.connection.peer,
        condition=str(failure.condition),
    )  # fmt: skip
    stream.write(answer)
    # Tokens are too long to be guessed, so only who names an account and shows no password for it
    # may be a guesser.
    if failure.condition is SASLCondition.NOT_AUTHORIZED and name:
        _hold_against(stream, name)
    if stream.failures >= ATTEMPTS * UNNAMED:
        stream.close(StreamError(StreamCondition.POLICY_VIOLATION, "too many failed logins"))


def _hold_against(stream: ClientStream, name: str) -> None:
    peer = stream.connection.peer
    seconds = stream.server.throttle.failed(peer, name)
    if seconds and stream.host is not None:
        _log.warning("login.blocked", host=stream.host.domain, peer=peer, seconds=seconds)


TABLE: Table = {
    (Phase.UNAUTHENTICATED, f"{{{NS}}}auth"): auth,
    (Phase.UNAUTHENTICATED, f"{{{NS}}}response"): response,
    (Phase.UNAUTHENTICATED, f"{{{NS}}}abort"): abort,
}
