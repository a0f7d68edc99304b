"""Accounts made, deleted, disabled, enabled, given a new password (XEP-0133 §4.1 to §4.4, §4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.administration.words import command, own, question, refusals
from extensions.commands import Done, Stage
from extensions.payloads.forms import Field, Form
from server import log
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from extensions.commands import Command
    from server.extension import Request
    from server.host import Host
    from server.jid import JID
    from server.orders import Orders

_log = log.get(__name__)

_ACCOUNT: Final = Field("accountjid", (), "jid-single", "The Jabber ID", required=True)
_ACCOUNTS: Final = Field("accountjids", (), "jid-multi", "The Jabber ID(s)", required=True)
_PASSWORD: Final = Field("password", (), "text-private", "The password", required=True)
_AGAIN: Final = Field("password-verify", (), "text-private", "Retype password")

_ADD: Final = question("Adding a User", _ACCOUNT, _PASSWORD, _AGAIN)
_DELETE: Final = question("Deleting a User", _ACCOUNTS)
_DISABLE: Final = question("Disabling a User", _ACCOUNTS)
_ENABLE: Final = question("Re-Enable a User", _ACCOUNTS)
_CHANGE: Final = question("Changing a User Password", _ACCOUNT, _PASSWORD)


@dataclass(frozen=True, slots=True)
class AccountCommands:
    """The commands about accounts of one host."""

    host: Host
    orders: Orders

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("add-user", "Add User", self.ask_add)
        yield command("delete-user", "Delete User", self.ask_delete)
        yield command("disable-user", "Disable User", self.ask_disable)
        yield command("reenable-user", "Re-Enable User", self.ask_enable)
        yield command("change-user-password", "Change User Password", self.ask_change)

    async def ask_add(self, request: Request) -> Stage:
        """Whom to add."""
        return Stage(_ADD, self.add)

    async def add(self, request: Request, given: Form) -> Done:
        """Make an account."""
        jid, password = self._account(given), given.value("password") or ""
        if given.field("password-verify") and given.value("password-verify") != password:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "The two passwords differ")
        with refusals():
            await self.orders.accounts().add(jid, password)
        _log.info("account.added", account=jid, by=request.from_.bare)
        return Done(f"{jid} was added")

    async def ask_delete(self, request: Request) -> Stage:
        """Whom to delete."""
        return Stage(_DELETE, self.delete)

    async def delete(self, request: Request, given: Form) -> Done:
        """Delete accounts and all that is stored for them."""
        return await self._each(request, given, self.orders.accounts().delete, "deleted")

    async def ask_disable(self, request: Request) -> Stage:
        """Whom to keep out."""
        return Stage(_DISABLE, self.disable)

    async def disable(self, request: Request, given: Form) -> Done:
        """End sessions, and let nobody log in; nothing is erased."""
        if request.from_.bare in given.jids("accountjids"):
            raise StanzaError(Condition.NOT_ALLOWED, "You would lock yourself out")
        return await self._each(request, given, self.orders.accounts().disable, "disabled")

    async def ask_enable(self, request: Request) -> Stage:
        """Whom to let in again."""
        return Stage(_ENABLE, self.enable)

    async def enable(self, request: Request, given: Form) -> Done:
        """Let the owners of accounts log in again."""
        return await self._each(request, given, self.orders.accounts().enable, "enabled")

    async def _each(
        self, request: Request, given: Form, order: Callable[[str], Awaitable[None]], done: str
    ) -> Done:
        """Follow an order for all that are named, one after another."""
        jids = dict.fromkeys(own(self.host, jid) for jid in given.jids("accountjids"))
        for jid in jids:
            with refusals():
                await order(jid)
            _log.info(f"account.{done}", account=jid, by=request.from_.bare)
        return Done(f"{', '.join(jids)}: {done}")

    async def ask_change(self, request: Request) -> Stage:
        """Whose password to change."""
        return Stage(_CHANGE, self.change)

    async def change(self, request: Request, given: Form) -> Done:
        """Give an account a new password; its sessions end."""
        jid = self._account(given)
        with refusals():
            await self.orders.accounts().password(jid, given.value("password") or "")
        _log.info("account.password_changed", account=jid, by=request.from_.bare)
        return Done(f"The password of {jid} was changed")

    def _account(self, given: Form) -> str:
        jid: JID | None = given.jid("accountjid")
        assert jid is not None  # the field is required
        return own(self.host, jid)
