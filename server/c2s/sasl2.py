"""The extensible SASL profile on a client stream (XEP-0388).

A login is one `<authenticate/>`, as many challenges as the mechanism needs, then tasks if there are
any, and one `<success/>` that holds the answers to everything the client has asked for inline. The
stream is not restarted.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from server import clients
from server.c2s import authentication, bind2, fast, resumption, upgrade
from server.c2s.admission import admit
from server.c2s.answers import (
    around,
    build_challenge,
    build_continue,
    build_failure,
    build_success,
)
from server.c2s.login import Login, Proof
from server.c2s.phase import Phase
from server.c2s.request import NS, NS_PIPELINING, parse, text_of
from server.errors import Condition, SASLCondition, StanzaError
from server.jid import JID
from server.sasl.attempt import Attempt
from server.sasl.mechanism import Failure, NeedCredentials, Step, Success
from server.storage import clients as store
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.c2s.phase import Table
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.server import Server
    from server.session import Session

_MISMATCH: Final = f"<config-version-mismatch xmlns='{NS_PIPELINING}'/>".encode()
_MINUTE: Final = 60_000


# -- what clients send --


def authenticate(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """The client begins, and says what it wants besides (§2.3)."""
    if not stream.server.features.offers_sasl2(stream):
        _fail(stream, Failure(SASLCondition.ENCRYPTION_REQUIRED, "use TLS first"))
        return None
    request = parse(element)
    if isinstance(request, str):
        _fail(stream, Failure(SASLCondition.MALFORMED_REQUEST, request))
        return None
    version = request.version
    if version is not None and version != stream.server.features.version(stream):
        # "the attempted authentication is not counted as a "failed login"" (XEP-0509 §2.2)
        stale = Failure(SASLCondition.ABORTED, "the features have changed; look at them again")
        stream.write(build_failure(stale, _MISMATCH))
        return None
    stream.phase = Phase.AUTHENTICATING
    stream.login = login = Login(request)
    if request.fast is not None:
        return _with_token(stream, login)
    stream.attempt = Attempt(authentication.exchange(stream), stream.server.sasl_policy)
    return _step(stream, stream.attempt.begin(request.mechanism, request.initial))


def respond(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """The client answers a challenge (§2.5)."""
    if stream.attempt is None:
        _fail(stream, Failure(SASLCondition.MALFORMED_REQUEST, "nothing was asked"))
        return None
    if authentication.is_blocked(stream):
        _fail(stream, authentication.BLOCKED)
        return None
    return _step(stream, stream.attempt.respond(text_of(element)))


def abort(stream: ClientStream, element: Element) -> None:
    """The client gives up (§4.5)."""
    _fail(stream, Failure(SASLCondition.ABORTED, "you have ended the attempt"))


def begin_task(stream: ClientStream, element: Element) -> None:
    """The client takes up a task (§2.6.3)."""
    login = stream.login
    if login is None or not login.tasks:
        _fail(stream, Failure(SASLCondition.MALFORMED_REQUEST, "there is no task"))
        return
    failure = upgrade.begin(stream, login, element)
    if failure is not None:
        _fail(stream, failure)


async def receive_task(stream: ClientStream, element: Element) -> None:
    """The client brings what a task is about (§2.6.3)."""
    login = stream.login
    if login is None or not login.tasks:
        _fail(stream, Failure(SASLCondition.MALFORMED_REQUEST, "there is no task"))
        return
    if not await _holds(stream, login):
        return
    failure = await upgrade.receive(stream, login, element)
    if stream.phase is not Phase.AUTHENTICATING:
        return
    if failure is not None:
        _fail(stream, failure)
    else:
        await _go_on(stream, login)


# -- the exchange --


def _step(stream: ClientStream, step: Step) -> Awaitable[None] | None:
    if isinstance(step, NeedCredentials):
        return _look_up(stream, step)
    if isinstance(step, Success):
        return _proved(stream, step)
    if isinstance(step, Failure):
        _fail(stream, step)
        return None
    stream.write(build_challenge(step))
    return None


async def _look_up(stream: ClientStream, need: NeedCredentials) -> None:
    await _after(stream, await authentication.supply(stream, need))


async def _with_token(stream: ClientStream, login: Login) -> None:
    login.proof = Proof.TOKEN
    await _after(stream, await fast.authenticate(stream, login))


async def _after(stream: ClientStream, step: Step) -> None:
    if stream.phase is not Phase.AUTHENTICATING:
        return
    pending = _step(stream, step)
    if pending is not None:
        await pending


async def _proved(stream: ClientStream, success: Success) -> None:
    """The client is who it says: see to its tasks, then to what else it wants."""
    login, host = stream.login, stream.host
    assert login is not None
    assert host is not None
    stream.attempt = None
    account = await admit(stream, JID.parse(f"{success.username}@{host.domain}"))
    if stream.phase is not Phase.AUTHENTICATING:
        return
    if isinstance(account, Failure):
        _fail(stream, account)
        return
    # "Any non-empty authorization string MUST be considered an error if the stream's from attribute
    # (if present) does not match" (§4.4)
    if success.authzid and stream.claimed not in (None, account.jid):
        _fail(stream, Failure(SASLCondition.INVALID_AUTHZID, "the stream is somebody else's"))
        return
    login.account = account
    login.additional = success.data
    if success.is_granted:
        login.proof = Proof.GRANT
    login.tasks = upgrade.tasks(login, stream.server.sasl_policy)
    await _go_on(stream, login)


async def _go_on(stream: ClientStream, login: Login) -> None:
    if login.tasks:
        stream.write(build_continue(login))
        return
    await _finish(stream, login)
    if login.client and stream.phase in (Phase.AUTHENTICATED, Phase.BOUND):
        # At the very end: reading the archive before it would wait for this to be on disk.
        _note_use(stream.server, login)


def _note_use(server: Server, login: Login) -> None:
    """Keep when the client was here last, to the minute."""
    account, known = login.account, login.known
    assert account is not None
    now = int(server.clock.utcnow() * 1000)
    if known is None or now - known.last_seen >= _MINUTE:
        store.use(server.database, account.id, login.client, now)


async def _finish(stream: ClientStream, login: Login) -> None:
    """All tasks are done: resume or bind if that is asked for, and say so."""
    token = await _note(stream, login)
    if not await _holds(stream, login):
        return
    assert login.account is not None
    stream.account_name = login.account.jid.local
    refusal = b""
    if login.request.resume is not None:
        resumed = await _resume(stream, login, login.request.resume, token)
        if resumed is None:
            return
        refusal = resumed
    if login.request.bind is not None:
        await _bind(stream, login, refusal, token)
    elif await _holds(stream, login):
        stream.write(build_success(login, login.account.jid, refusal + token))
        stream.authenticated()
        stream.write(stream.server.features.after(login.account.host))


async def _holds(stream: ClientStream, login: Login) -> bool:
    """Whether what was proved is still so, and may be used.

    The password may have changed meanwhile, or the account may have gone: then the attempt is over,
    and so is a token made for it.
    """
    assert login.account is not None
    account = await admit(stream, login.account.jid)
    if stream.phase is not Phase.AUTHENTICATING:
        return False
    if isinstance(account, Failure):
        if login.client and account.condition is SASLCondition.NOT_AUTHORIZED:
            dropping = [store.dropping_tokens(login.account.id, login.client)]
            await store.write(stream.server.database, dropping)
        _fail(stream, account)
        return False
    login.account = account
    return True


# -- what goes with it --


async def _note(stream: ClientStream, login: Login) -> bytes:
    """Keep what is to be known of the client; the token to hand out, if any."""
    server, account, agent = stream.server, login.account, login.request.agent
    assert account is not None
    if not agent.id:
        return b""
    if not login.client:
        login.client = clients.name_of(server.secret, account.jid, agent.id)
        login.known = await store.find(server.database, account.id, login.client)
    token, steps = fast.settle(stream, login)
    steps += await clients.noting(
        server, account, login.client, login.known, agent,
        password=login.proof is Proof.PASSWORD, granted=login.proof is Proof.GRANT,
    )  # fmt: skip
    if steps:
        try:
            await store.write(server.database, steps)
        except StorageError:
            return b""  # whoever has shown a password may come in even when the disk is full
    return token


async def _resume(
    stream: ClientStream, login: Login, element: Element, token: bytes
) -> bytes | None:
    """Take up an earlier session; why that was not possible, or None when all is said.

    "that MUST be processed first by the server. If that resumption is successful, the server MUST
    skip resource binding" (XEP-0198 §9.2).
    """
    session = resumption.claim(stream, element)
    if session is None or isinstance(session, bytes):
        return session
    await _settled(session)
    may = resumption.may_go_on(stream, session, Phase.AUTHENTICATING)
    if may is None:
        return None
    if not may:
        return resumption.failed(Condition.ITEM_NOT_FOUND)
    if login.client:
        session.belongs_to(login.client, login.known)
    before, after = around(login, session.jid)
    # "stream features MUST NOT be sent in this case" (XEP-0198 §9.2)
    stream.authenticated()
    resumption.attach(stream, session, before, token + after)
    return None


async def _settled(session: Session) -> None:
    done = asyncio.get_running_loop().create_future()
    resumption.when_settled(session, partial(done.set_result, None))
    await done


async def _bind(stream: ClientStream, login: Login, refusal: bytes, token: bytes) -> None:
    """Bind a resource; from there to the end nothing waits, so nothing gets in between."""
    assert login.account is not None
    told = await bind2.prepare(login.account)
    if not await _holds(stream, login):
        return
    try:
        session, bound = bind2.bind(stream, login, told)
    except StanzaError as refused:
        _fail(stream, Failure(SASLCondition.TEMPORARY_AUTH_FAILURE, refused.text))
        return
    stream.authenticated()
    stream.adopt(session)
    stream.write(build_success(login, session.jid, refusal + bound + token))
    is_managed = session.outbox is not None
    stream.write(stream.server.features.bound(session.host, is_managed=is_managed))


# -- when it fails --


def _fail(stream: ClientStream, failure: Failure) -> None:
    """The attempt is over; the client may try again (§2.6.2)."""
    if stream.phase is Phase.AUTHENTICATING:
        stream.phase = Phase.UNAUTHENTICATED
    stream.login = None
    authentication.failed(stream, failure, build_failure(failure))


TABLE: Table = {
    (Phase.UNAUTHENTICATED, f"{{{NS}}}authenticate"): authenticate,
    (Phase.AUTHENTICATING, f"{{{NS}}}response"): respond,
    (Phase.AUTHENTICATING, f"{{{NS}}}abort"): abort,
    (Phase.AUTHENTICATING, f"{{{NS}}}next"): begin_task,
    (Phase.AUTHENTICATING, f"{{{NS}}}task-data"): receive_task,
}
