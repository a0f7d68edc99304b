"""Commands for administrators in any client: accounts, sessions, announcements (XEP-0133).

Whom `server.admins` names may use them. What they do is done by `server/orders.py`, as for the
command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extensions.administration.accounts import AccountCommands
from extensions.administration.motd import MessageOfTheDay
from extensions.administration.people import PeopleCommands
from server.extension import XEP, Extension, On, Spec, Wire
from server.moments import SessionAvailable
from server.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.host import Host


class Administration(Extension):
    """Offers the commands of XEP-0133 §4 that this server has."""

    name = "administration"
    requires = ("commands",)
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(133, "Service Administration", "1.3.1", "partial", "accounts, sessions, announcements"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        orders = Orders(host.server)
        self._motd = MessageOfTheDay(host)
        self._offers = (
            AccountCommands(host, orders), PeopleCommands(host, orders), self._motd,
        )  # fmt: skip

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield On(SessionAvailable, self._motd.greet)

    async def start(self) -> None:
        """Offer the commands, remember the message of the day."""
        await self._motd.load()
        commands = self.host.service("commands")
        for offer in self._offers:
            for command in offer.commands():
                commands.offer(command)
