"""The welcome: written to each user who logs in for the first time (XEP-0133 §4.27, §4.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.administration.texts import Text
from extensions.administration.words import command, question, refusals
from extensions.commands import Done, Stage
from extensions.payloads.forms import Field, Form
from server.element import E
from server.stanza import BODY, Stanza
from server.storage.accounts import save_last_active

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from extensions.commands import Command
    from server.account import Account
    from server.extension import Request
    from server.host import Host
    from server.session import Session

TITLE: Final = "Welcome Message"
_MESSAGE: Final = "{jabber:client}message"
_SUBJECT: Final = "{jabber:client}subject"


class Welcome:
    """The welcome of one host.

    It is a message like any other, in the archive and due until a device has it. Who was online
    before is known by the account, from the moment when he is welcomed.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self.kept = Text(host.server.database, "welcome", host.domain)

    def greet(self, session: Session) -> Awaitable[None] | None:
        """A device became available: if it is the first one ever, its user is welcomed."""
        account = session.account
        if account.last_active:
            return None
        account.last_active = self._now()
        save_last_active(
            self._host.server.database, account.id, account.last_active, "", account.last_login
        )
        return self._write(account) if self.kept.text else None

    async def _write(self, account: Account) -> None:
        name = self._host.server.entropy.stanza_id()
        element = E(
            _MESSAGE, {"type": "normal", "id": name},
            E(_SUBJECT, {}, "Welcome"), E(BODY, {}, self.kept.text),
        )  # fmt: skip
        pending = self._host.receive(Stanza("message", element, account.jid, self._host.jid))
        if pending is not None:
            await pending

    async def say(self, text: str) -> None:
        """Set another welcome for all who come from now on. Raises Refused."""
        await self.kept.keep(text, self._now())

    async def drop(self) -> None:
        """Welcome nobody any more."""
        await self.kept.drop()

    def _now(self) -> int:
        return int(self._host.server.clock.utcnow() * 1000)

    # -- commands --

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("set-welcome", "Set Welcome Message", self.ask_set)
        yield command("delete-welcome", "Delete Welcome Message", self.delete)

    async def ask_set(self, request: Request) -> Stage:
        """What to say; the form "SHOULD include the current welcome message" (§4.27)."""
        lines = tuple(self.kept.text.split("\n")) if self.kept.text else ()
        field = Field("welcome", lines, "text-multi", TITLE, required=True)
        return Stage(question("Setting Welcome Message", field), self.set)

    async def set(self, request: Request, given: Form) -> Done:
        """Say it to all new users."""
        with refusals():
            await self.say(given.text("welcome") or "")
        return Done("The welcome message is set")

    async def delete(self, request: Request) -> Done:
        """No welcome any more."""
        await self.drop()
        return Done("There is no welcome message")
