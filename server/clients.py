"""The clients of an account: what they are called here, what is kept of them, how they are revoked.

A client is an installation of a program that tells a stable identifier at login (XEP-0388 §2.3).
Everything else in this server knows it by a name made from that identifier and a secret, so
neither a resource nor the database gives the identifier away.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from server.errors import StreamCondition, StreamError
from server.moments import ClientRevoked
from server.storage import clients as store
from server.storage.clients import ClientRow

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.request import UserAgent
    from server.config.login import Clients
    from server.server import Server
    from server.storage.insert import Step

_REVOKED: Final = "the access of this client was revoked"


def name_of(secret: bytes, account: str, identifier: str) -> str:
    """The name of a client within the house, always the same for its identifier."""
    return _digest(secret, "client", account, identifier)[:16]


def resource_suffix(secret: bytes, account: str, client: str, tag: str) -> str:
    """What makes a client's resource its own.

    "stable for every bind request with the same <tag/> and SASL2 <user-agent> id" (XEP-0386
    §3.2.1).
    """
    return _digest(secret, "resource", account, client, tag)[:12]


def _digest(secret: bytes, *parts: str) -> str:
    return urlsafe_b64encode(hmac.digest(secret, "\0".join(parts).encode(), "sha256")).decode()


async def noting(
    server: Server, account: Account, client: str, known: ClientRow | None, agent: UserAgent,
    *, password: bool, granted: bool,
) -> list[Step]:  # fmt: skip
    """The writes that keep what a login tells of a client; none when nothing is new."""
    config = server.config.clients
    now = int(server.clock.utcnow() * 1000)
    software, device = (agent.software, agent.device) if config.names else ("", "")
    if known is None:
        row = ClientRow(client, software, device, now, now, password, granted)
        stale = _stale(await store.listing(server.database, account.id), config, now)
        forgotten = [step for each in stale for step in store.forgetting(account.id, each)]
        return [*forgotten, store.saving(account.id, row)]
    row = replace(
        known, software=software or known.software, device=device or known.device,
        password=known.password or password, granted=known.granted or granted,
    )  # fmt: skip
    return [] if row == known else [store.saving(account.id, row)]


def _stale(rows: list[ClientRow], config: Clients, now: int) -> list[str]:
    """Clients to forget: not seen for long, or the longest unseen beyond the number that is kept.

    Room is made for one more.
    """
    rows = sorted(rows, key=lambda row: row.last_seen, reverse=True)
    oldest = now - float(config.keep) * 1000
    return [row.client for index, row in enumerate(rows)
            if index >= config.most - 1 or row.last_seen < oldest]  # fmt: skip


async def revoke(server: Server, account: Account, client: str) -> None:
    """Make the tokens of a client worthless, forget it, and end its sessions."""
    await store.write(server.database, store.forgetting(account.id, client))
    gone = StreamError(StreamCondition.NOT_AUTHORIZED, _REVOKED)
    for session in [each for each in account.sessions.values() if each.client == client]:
        server.sessions.end(session, gone)
    account.host.moment(ClientRevoked(account, client))
