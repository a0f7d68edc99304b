"""Accounts as their users make them, and their passwords (XEP-0077 §3.1, §3.3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed
from server.sasl.keys import HASHES, derive_credentials
from server.sasl.password import PasswordRefused
from server.storage import accounts as store

if TYPE_CHECKING:
    from extensions.registration.payloads import Wish
    from server.account import Account
    from server.sasl.keys import ScramKeys
    from server.server import Server

TAKEN: Final = "This username is taken"


def address(wish: Wish, domain: str) -> JID:
    """The address of the account somebody names; only the local part is theirs to choose."""
    try:
        jid = JID.parse(f"{wish.username}@{domain}")
    except JIDMalformed as wrong:
        raise StanzaError(Condition.NOT_ACCEPTABLE, f"This is no username: {wrong}") from None
    if not jid.is_bare or not jid.local or jid.domain != domain:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "This is no username")
    return jid


async def create(server: Server, jid: JID, password: str) -> None:
    """Make an account."""
    taken = StanzaError(Condition.CONFLICT, TAKEN)
    # Keys are expensive: strangers must not have them made for nothing.
    if await store.account_exists(server.database, jid):
        raise taken
    keys = await _derive(server, password)
    now = int(server.clock.utcnow() * 1000)
    try:
        await store.create_account(server.database, jid, keys.values(), now)
    except store.AccountExists:
        raise taken from None


async def change_password(server: Server, account: Account, password: str) -> None:
    """Replace what the account is logged in with."""
    keys = await _derive(server, password)
    await store.set_credentials(server.database, account.jid, keys.values())
    account.credentials = keys


async def _derive(server: Server, password: str) -> dict[str, ScramKeys]:
    """All keys of a new password, on a thread because it takes a while."""
    salts = {name: server.entropy.bytes(16) for name in HASHES}
    iterations = server.config.auth.scram_iterations
    try:
        return await asyncio.to_thread(derive_credentials, password, salts, iterations)
    except PasswordRefused as refused:
        raise StanzaError(
            Condition.NOT_ACCEPTABLE, f"This password cannot be used: {refused}"
        ) from None
