"""Who there is and who is online; sessions ended, announcements made (XEP-0133 §4.5 to §4.23)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from extensions.administration.words import answer, command, own, question, refusals
from extensions.commands import Done, Note, Stage
from extensions.payloads.forms import Field, Form, Option
from server.jid import JID

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from extensions.commands import Command
    from server.extension import Request
    from server.host import Host
    from server.orders import Orders

#: "The service may need to truncate the result-set, since it could be quite large" (§4.18).
MOST: Final = 2000

_MAX: Final = Field(
    "max_items", ("25",), "list-single", "Maximum number of items to show",
    options=tuple(map(Option, ("25", "50", "75", "100", "150", "200", "none"))),
)  # fmt: skip
_ACCOUNTS: Final = Field("accountjids", (), "jid-multi", "The Jabber ID(s)", required=True)
_TEXT: Final = Field("announcement", (), "text-multi", "Announcement", required=True)

_END: Final = question("Ending a User Session", _ACCOUNTS)
_LIST: Final = question("Requesting a List of Users", _MAX)
_ANNOUNCE: Final = question("Making an Announcement", _TEXT)


@dataclass(frozen=True, slots=True)
class PeopleCommands:
    """The commands about users and sessions of one host."""

    host: Host
    orders: Orders

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("end-user-session", "End User Session", self.ask_end)
        yield command(
            "get-registered-users-num", "Get Number of Registered Users", self.count_registered
        )
        yield command("get-online-users-num", "Get Number of Online Users", self.count_online)
        yield command(
            "get-registered-users-list", "Get List of Registered Users",
            partial(self._ask, "registereduserjids", self._registered),
        )  # fmt: skip
        yield command(
            "get-online-users-list", "Get List of Online Users",
            partial(self._ask, "onlineuserjids", self._online),
        )  # fmt: skip
        yield command("announce", "Send Announcement to Online Users", self.ask_announce)

    async def ask_end(self, request: Request) -> Stage:
        """Whose sessions to end."""
        return Stage(_END, self.end)

    async def end(self, request: Request, given: Form) -> Done:
        """End sessions.

        "If the JID is of the form <user@host>, the service MUST end all of the user's sessions; if
        the JID is of the form <user@host/resource>, the service MUST end only the session
        associated with that resource" (§4.5).
        """
        jids = [own(self.host, jid) for jid in given.jids("accountjids")]
        with refusals():
            ended = sum([await self.orders.end(jid) for jid in jids])
        return Done(f"{ended} sessions were ended")

    # -- how many --

    async def count_registered(self, request: Request) -> Done:
        """How many accounts there are (§4.13)."""
        number = await self.orders.accounts().count(self.host.domain)
        return _number("registeredusersnum", "The number of registered users", number)

    async def count_online(self, request: Request) -> Done:
        """How many accounts have a session (§4.15)."""
        return _number("onlineusersnum", "The number of online users", len(await self._online(0)))

    # -- who --

    async def _ask(
        self, var: str, find: Callable[[int], Awaitable[list[str]]], request: Request
    ) -> Stage:
        """How many to show (§4.18, §4.20)."""
        return Stage(_LIST, partial(self._list, var, find))

    async def _list(
        self, var: str, find: Callable[[int], Awaitable[list[str]]], request: Request, given: Form
    ) -> Done:
        wanted = given.value("max_items") or "none"
        most = MOST if wanted == "none" else int(wanted)
        found = await find(most + 1)
        notes = (Note("There are more", "warn"),) if len(found) > most else ()
        field = Field(var, tuple(found[:most]), "jid-multi", "The list of users")
        return Done(form=answer(field), notes=notes)

    async def _registered(self, most: int) -> list[str]:
        return await self.orders.accounts().list(self.host.domain, most)

    async def _online(self, most: int) -> list[str]:
        sessions = await self.orders.online(self.host.domain)
        return list(dict.fromkeys(str(JID.parse(jid).bare) for jid in sessions))

    # -- announcements --

    async def ask_announce(self, request: Request) -> Stage:
        """What to say (§4.23)."""
        return Stage(_ANNOUNCE, self.announce)

    async def announce(self, request: Request, given: Form) -> Done:
        """Tell "only … users who currently have a 'session' with the service"."""
        with refusals():
            told = await self.orders.announce(given.text("announcement") or "", self.host.domain)
        return Done(f"{told} devices were told")


def _number(var: str, label: str, number: int) -> Done:
    return Done(form=answer(Field(var, (str(number),), "text-single", label)))
