"""What an administrator does to accounts, on a running server or beside a stopped one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.clock import Clock
from server.control import Refused, Verb
from server.dossier import compile_stored
from server.entropy import Entropy
from server.jid import JID, JIDMalformed
from server.sasl.keys import HASHES, ScramKeys, derive_credentials
from server.sasl.password import PasswordRefused
from server.storage import accounts
from server.storage.accounts import AccountExists
from server.storage.database import Database

PAGE = 1000

Changed = Callable[[JID], None]


class AlreadyThere(Refused):
    """There is an account of that name."""


class NotThere(Refused):
    """There is no account of that name."""


def _nothing(_account: JID) -> None:
    """Nobody is online."""


async def _no_farewell(_account: JID) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Administration:
    """Orders about accounts.

    A running server is told what is about to be deleted (`deleting`), ends the sessions of what was
    or may not be used (`deleted`, `changed`, `disabled`), and looks anew (`enabled`).
    """

    database: Database
    domains: tuple[JID, ...]
    iterations: int
    clock: Clock
    entropy: Entropy
    deleted: Changed = _nothing
    changed: Changed = _nothing
    deleting: Callable[[JID], Awaitable[None]] = _no_farewell
    disabled: Changed = _nothing
    enabled: Changed = _nothing

    def verbs(self) -> Mapping[str, Verb]:
        """The orders by name, for the control socket."""
        return {
            "user.add": self.add,
            "user.count": self.count,
            "user.delete": self.delete,
            "user.disable": self.disable,
            "user.enable": self.enable,
            "user.import": self.import_accounts,
            "user.list": self.list,
            "user.password": self.password,
            "user.show": self.show,
        }

    async def add(self, jid: str, password: str) -> None:
        """Make an account."""
        account = self._account(jid)
        keys = await self._derive(password)
        now = int(self.clock.utcnow() * 1000)
        try:
            await accounts.create_account(self.database, account, keys.values(), now)
        except AccountExists:
            raise AlreadyThere(f"there is an account {account} already") from None

    async def import_accounts(self, users: Sequence[Sequence[str]]) -> int:
        """Make accounts from pairs of address and password; those that exist stay as they are.

        Gives the number of new ones. The hashing runs on all processors.
        """
        made = 0
        problem: BaseException | None = None

        async def one(jid: str, password: str) -> None:
            nonlocal made
            if not await accounts.account_exists(self.database, self._account(jid)):
                await self.add(jid, password)
                made += 1

        try:
            async with asyncio.TaskGroup() as group:
                for jid, password in users:
                    group.create_task(one(jid, password))
        except* Refused as refused:
            # COMPAT: Python before 3.11.4 (Debian 12) wraps what is raised here into a group.
            problem = refused.exceptions[0]
        if problem is not None:
            raise problem
        return made

    async def password(self, jid: str, password: str) -> None:
        """Give an account a new password; sessions that began with the old one end."""
        account = await self._existing(jid)
        keys = await self._derive(password)
        await accounts.set_credentials(self.database, account, keys.values())
        self.changed(account)

    async def delete(self, jid: str) -> None:
        """Delete an account with all that is stored for it; its sessions end."""
        account = await self._existing(jid)
        await self.deleting(account)
        await accounts.delete_account(self.database, account)
        self.deleted(account)

    async def disable(self, jid: str) -> None:
        """Let nobody log into an account until it is enabled; its sessions end (XEP-0133 §4.3).

        Everything that is stored for it stays, and messages are kept for it as for anybody who is
        away: its owner is to miss nothing when he comes back, and others are not told.
        """
        account = await self._existing(jid)
        await accounts.disable(self.database, account, int(self.clock.utcnow() * 1000))
        self.disabled(account)

    async def enable(self, jid: str) -> None:
        """Let the owner of an account log in again (XEP-0133 §4.4)."""
        account = await self._existing(jid)
        await accounts.enable(self.database, account)
        self.enabled(account)

    async def list(self, domain: str = "", most: int = 0, *, disabled: bool = False) -> list[str]:
        """The accounts of a domain, or all, in order; at most so many, if that is said.

        All of them, or only those that are disabled.
        """
        found: list[str] = []
        after = ""
        while page := await accounts.list_accounts(self.database, after, PAGE, disabled=disabled):
            found += [jid for jid in page if not domain or jid.endswith(f"@{domain}")]
            if most and len(found) >= most:
                return found[:most]
            after = page[-1]
        return found

    async def count(self, domain: str = "") -> int:
        """How many accounts there are at a domain, or everywhere."""
        if not domain or self.domains == (domain,):
            return await accounts.count_accounts(self.database)
        return len(await self.list(domain))

    async def show(self, jid: str) -> dict[str, Any]:
        """What is known of an account."""
        account = self._account(jid)
        found = await compile_stored(self.database, account)
        if found is None:
            raise NotThere(f"there is no account {account}")
        return found

    async def last_login(self, jid: str) -> int:
        """When an account was logged into last, as far as it is stored; 0: never.

        In unix milliseconds. Some is stored only when all devices have gone.
        """
        return await accounts.last_login(self.database, await self._existing(jid))

    async def _existing(self, jid: str) -> JID:
        """The address of an account that is there."""
        account = self._account(jid)
        if not await accounts.account_exists(self.database, account):
            raise NotThere(f"there is no account {account}")
        return account

    def _account(self, jid: str) -> JID:
        """The address of an account that may be here."""
        try:
            account = JID.parse(jid)
        except JIDMalformed as error:
            raise Refused(f"{jid!r} is not an address: {error}") from None
        if not account.local or not account.is_bare:
            raise Refused(f"{jid!r} is not the address of an account, such as anna@example.org")
        if account.domain not in self.domains:
            known = ", ".join(self.domains)
            raise Refused(f"the domain {account.domain} is not served here; served are: {known}")
        return account

    async def _derive(self, password: str) -> Mapping[str, ScramKeys]:
        """All keys of a new password, on a thread because it takes a while."""
        salts = {name: self.entropy.bytes(16) for name in HASHES}
        try:
            return await asyncio.to_thread(derive_credentials, password, salts, self.iterations)
        except PasswordRefused as error:
            raise Refused(f"this password cannot be used: {error}") from None
