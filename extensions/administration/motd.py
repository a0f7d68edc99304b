"""The message of the day: told once to each user who comes online (XEP-0133 §4.24 to §4.26)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from extensions.administration.words import command, question
from extensions.commands import Done, Stage
from extensions.payloads.forms import Field, Form
from server.errors import Condition, StanzaError
from server.orders import LONGEST, notice
from server.storage.settings import load_setting, save_setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.commands import Command
    from server.extension import Request
    from server.host import Host
    from server.jid import JID
    from server.moments import SessionAvailable

TITLE: Final = "Message of the Day"


class MessageOfTheDay:
    """The message of one host, and who has seen it.

    Who is available when it is set is told at once. So who has been online since has seen it: that
    is on disk with the account. Those who came since are remembered.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._setting = f"motd.{host.domain}"
        self._text = ""
        self._since = 0  # unix milliseconds
        self._told: set[JID] = set()

    async def load(self) -> None:
        """What was set before the server started."""
        stored = await load_setting(self._host.server.database, self._setting)
        if stored:
            self._since, self._text = json.loads(stored)

    def greet(self, moment: SessionAvailable) -> None:
        """A device became available."""
        if not self._text:
            return
        session = moment.session
        account = session.account
        if account.jid in self._told or account.last_active >= self._since:
            return
        self._told.add(account.jid)
        session.send(notice(session, TITLE, self._text))

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("set-motd", "Set Message of the Day", self.ask_set)
        yield command("edit-motd", "Edit Message of the Day", self.ask_edit)
        yield command("delete-motd", "Delete Message of the Day", self.delete)

    async def ask_set(self, request: Request) -> Stage:
        """What to say."""
        return Stage(_form("Setting the Message of the Day", ""), self.set)

    async def set(self, request: Request, given: Form) -> Done:
        """A new message: everybody is told, also who has seen the last one."""
        now = int(self._host.server.clock.utcnow() * 1000)
        await self._save(given.text("motd") or "", now)
        self._told.clear()
        for account in self._host.accounts.active():
            for session in account.reach.available:
                self._told.add(account.jid)
                session.send(notice(session, TITLE, self._text))
        return Done("The message of the day is set")

    async def ask_edit(self, request: Request) -> Stage:
        """What to say instead."""
        return Stage(_form("Editing the Message of the Day", self._text), self.edit)

    async def edit(self, request: Request, given: Form) -> Done:
        """Another wording: who has seen the message is not told again."""
        now = int(self._host.server.clock.utcnow() * 1000)
        await self._save(given.text("motd") or "", self._since or now)
        return Done("The message of the day is changed")

    async def delete(self, request: Request) -> Done:
        """No message any more."""
        await self._save("", 0)
        return Done("There is no message of the day")

    async def _save(self, text: str, since: int) -> None:
        if len(text.encode()) > LONGEST:
            raise StanzaError(Condition.NOT_ACCEPTABLE, f"A message may have {LONGEST} bytes")
        stored = json.dumps([since, text]) if text else ""
        await save_setting(self._host.server.database, self._setting, stored)
        self._since, self._text = since, text


def _form(title: str, text: str) -> Form:
    lines = tuple(text.split("\n")) if text else ()
    return question(title, Field("motd", lines, "text-multi", TITLE, required=True))
