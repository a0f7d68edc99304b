"""Users see which clients have access to their account, and take it away (XEP-0494).

A client is what told an identifier at login (XEP-0388 §2.3) and is remembered
(`server/clients.py`). What logged in without one is listed while it is connected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.clients.payloads import NS, Client, build
from server import clients
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.extension import IQ, XEP, At, Extension, Feature, Request, Spec, Wire
from server.storage import clients as store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.session import Session
    from server.storage.clients import ClientRow

LIST: Final = f"{{{NS}}}list"
REVOKE: Final = f"{{{NS}}}revoke"
#: Before the resource in the identifier of a client that is known by nothing else.
_NAMELESS: Final = "resource:"


class Clients(Extension):
    """Lists and revokes the clients of an account, for its owner alone (XEP-0494 §3)."""

    name = "clients"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(494, "Client Access Management", "0.1.0"),)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS, At.OWN)
        yield IQ("get", LIST, self.answer, At.OWN)
        yield IQ("set", REVOKE, self.revoke, At.OWN)
        yield IQ("get", LIST, self.refuse, At.ACCOUNT | At.NOBODY)
        yield IQ("set", REVOKE, self.refuse, At.ACCOUNT | At.NOBODY)

    async def answer(self, request: Request) -> bytes:
        """What has access to the account (§3.1)."""
        account = _owner(request)
        rows = await store.listing(self.host.server.database, account.id)
        now = int(self.host.server.clock.utcnow() * 1000)
        connected = {session.client: session for session in account.sessions.values()}
        known = [_known(row, connected.get(row.client), now) for row in rows]
        nameless = [
            Client(_NAMELESS + session.jid.resource, True, last_seen=now, password=True)
            for session in account.sessions.values()
            if not session.client
        ]
        return build(known + nameless)

    async def revoke(self, request: Request) -> None:
        """Take away what can be taken away (§3.2)."""
        account, name = _owner(request), request.payload.get("id") or ""
        if name.startswith(_NAMELESS):
            self._disconnect(account, name.removeprefix(_NAMELESS))
            raise _needs_new_password()
        row = await store.find(self.host.server.database, account.id, name)
        if row is None:
            raise StanzaError(Condition.ITEM_NOT_FOUND, "There is no such client")
        if request.session is not None and request.session.client == name:
            # The answer goes first: after it the one who asks is gone.
            self.host.server.tasks.spawn(self._revoke(account, name), "clients")
        else:
            await self._revoke(account, name)
        if row.password:
            raise _needs_new_password()

    async def _revoke(self, account: Account, name: str) -> None:
        await clients.revoke(self.host.server, account, name)

    def _disconnect(self, account: Account, resource: str) -> None:
        session: Session | None = account.sessions.get(resource)
        if session is None or session.client:
            raise StanzaError(Condition.ITEM_NOT_FOUND, "There is no such client")
        gone = StreamError(StreamCondition.NOT_AUTHORIZED, "another of your clients ended this")
        self.host.server.sessions.end(session, gone)

    def refuse(self, request: Request) -> None:
        """Somebody else's account: "it MUST ensure that the protocol … is protected" (§5)."""
        raise StanzaError(Condition.FORBIDDEN, "Clients are shown to their owner alone")


def _known(row: ClientRow, session: Session | None, now: int) -> Client:
    is_connected = session is not None
    progress = None if session is None else session.progress
    has = row.cursor if progress is None else progress.cursor
    fast = any(token.expiry > now for token in row.tokens)
    return Client(
        row.client, is_connected, row.first_seen, now if is_connected else row.last_seen,
        row.password, row.granted, fast, row.software, row.device, has,
    )  # fmt: skip


def _needs_new_password() -> StanzaError:
    """Tokens and sessions are gone, but a client that knows the password can come again.

    "there is no way to revoke access except by changing the user's password" (§3.2)
    """
    return StanzaError(
        Condition.SERVICE_UNAVAILABLE,
        "It has been logged out, but it knows the password: change that to keep it out",
        application=b"<password-reset-required xmlns='urn:xmpp:cam:0'/>",
    )


def _owner(request: Request) -> Account:
    """The account that asks for its own clients: requests are wired for nobody else."""
    if request.account is None or not request.is_own:
        raise StanzaError(Condition.FORBIDDEN, "Clients are shown to their owner alone")
    return request.account
