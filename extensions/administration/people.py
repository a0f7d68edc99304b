"""How many there are and who: registered, disabled, online, active, idle (XEP-0133 §4.13 to §4.22).

Online is who has a session. Of those somebody is active whose client is connected and does not say
that it is idle (XEP-0352), on one device at least; who is not, is idle.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from extensions.administration.words import answer, command, question
from extensions.commands import Done, Note, Stage
from extensions.payloads.forms import Field, Form, Option
from server.jid import JID

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import TypeAlias

    from extensions.commands import Command
    from server.extension import Request
    from server.host import Host
    from server.orders import Orders

    #: Finds so many at least, if there are; 0: all.
    Find: TypeAlias = Callable[[int], Awaitable[list[str]]]

#: "The service may need to truncate the result-set, since it could be quite large" (§4.18).
MOST: Final = 2000

#: Where §4.21 and §4.22 have other names for nodes and fields than the rest of the lists.
_LISTS: Final = {"active": "get-active-users", "idle": "get-idle-users"}
_FIELDS: Final = {"idle": "activeuserjids"}

_MAX: Final = Field(
    "max_items", ("25",), "list-single", "Maximum number of items to show",
    options=tuple(map(Option, ("25", "50", "75", "100", "150", "200", "none"))),
)  # fmt: skip
_LIST: Final = question("Requesting a List of Users", _MAX)


@dataclass(frozen=True, slots=True)
class PeopleCommands:
    """The commands that count and list the users of one host."""

    host: Host
    orders: Orders

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        for kind, find in (
            ("registered", self._registered),
            ("disabled", self._disabled),
            ("online", self._online),
            ("active", self._active),
            ("idle", self._idle),
        ):
            yield command(
                f"get-{kind}-users-num", f"Get Number of {kind.title()} Users",
                partial(self._number, kind, find),
            )  # fmt: skip
            yield command(
                _LISTS.get(kind, f"get-{kind}-users-list"), f"Get List of {kind.title()} Users",
                partial(self._ask, _FIELDS.get(kind, f"{kind}userjids"), find),
            )  # fmt: skip

    async def _number(self, kind: str, find: Find, request: Request) -> Done:
        """How many (§4.13 to §4.17)."""
        if kind == "registered":
            number = await self.orders.accounts().count(self.host.domain)
        else:
            number = len(await find(0))
        label = f"The number of {kind} users"
        return Done(form=answer(Field(f"{kind}usersnum", (str(number),), "text-single", label)))

    async def _ask(self, var: str, find: Find, request: Request) -> Stage:
        """How many to show (§4.18 to §4.22)."""
        return Stage(_LIST, partial(self._list, var, find))

    async def _list(self, var: str, find: Find, request: Request, given: Form) -> Done:
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

    async def _disabled(self, most: int) -> list[str]:
        return await self.orders.accounts().list(self.host.domain, most, disabled=True)

    async def _active(self, most: int) -> list[str]:
        return await self.orders.active(self.host.domain)

    async def _idle(self, most: int) -> list[str]:
        return await self.orders.active(self.host.domain, idle=True)
