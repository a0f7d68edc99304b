"""The message of the day: told once to each user who comes online (XEP-0133 §4.24 to §4.26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.administration.texts import Text
from extensions.administration.words import command, question, refusals
from extensions.commands import Done, Stage
from extensions.payloads.forms import Field, Form
from server.orders import notice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.commands import Command
    from server.extension import Request
    from server.host import Host
    from server.jid import JID
    from server.session import Session

TITLE: Final = "Message of the Day"


class MessageOfTheDay:
    """The message of one host, and who has seen it.

    Who is available when it is set is told at once. So who has been online since has seen it: that
    is on disk with the account. Those who came since are remembered.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self.kept = Text(host.server.database, "motd", host.domain)
        self._told: set[JID] = set()

    def greet(self, session: Session) -> None:
        """A device became available."""
        account = session.account
        if not self.kept.text or account.jid in self._told:
            return
        if account.last_active < self.kept.since:
            self._told.add(account.jid)
            session.send(notice(session, TITLE, self.kept.text))

    async def say(self, text: str) -> None:
        """Set a new message: everybody is told, also who has seen the last one. Raises Refused."""
        await self.kept.keep(text, self._now())
        self._told.clear()
        for account in self._host.accounts.active():
            for session in account.reach.available:
                self._told.add(account.jid)
                session.send(notice(session, TITLE, text))

    async def drop(self) -> None:
        """Have no message any more."""
        await self.kept.drop()

    def _now(self) -> int:
        return int(self._host.server.clock.utcnow() * 1000)

    # -- commands --

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("set-motd", "Set Message of the Day", self.ask_set)
        yield command("edit-motd", "Edit Message of the Day", self.ask_edit)
        yield command("delete-motd", "Delete Message of the Day", self.delete)

    async def ask_set(self, request: Request) -> Stage:
        """What to say."""
        return Stage(_form("Setting the Message of the Day", ""), self.set)

    async def set(self, request: Request, given: Form) -> Done:
        """Say it."""
        with refusals():
            await self.say(given.text("motd") or "")
        return Done("The message of the day is set")

    async def ask_edit(self, request: Request) -> Stage:
        """What to say instead."""
        return Stage(_form("Editing the Message of the Day", self.kept.text), self.edit)

    async def edit(self, request: Request, given: Form) -> Done:
        """Another wording: who has seen the message is not told again."""
        with refusals():
            await self.kept.keep(given.text("motd") or "", self.kept.since or self._now())
        return Done("The message of the day is changed")

    async def delete(self, request: Request) -> Done:
        """No message any more."""
        await self.drop()
        return Done("There is no message of the day")


def _form(title: str, text: str) -> Form:
    lines = tuple(text.split("\n")) if text else ()
    return question(title, Field("motd", lines, "text-multi", TITLE, required=True))
