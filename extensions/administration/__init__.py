"""Commands for administrators in any client: accounts, sessions, announcements (XEP-0133).

Whom `server.admins` names may use them. What they do is done by `server/orders.py`, as for the
command line. Of XEP-0133 §4 there are left out:

- Editing the lists of blocked and allowed entities (§4.11, §4.12): they are about other servers,
  and belong to federation.
- Editing the list of administrators (§4.29): the configuration decides that. Whoever takes over the
  client of an administrator must not be able to stay one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extensions.administration.accounts import AccountCommands
from extensions.administration.individuals import IndividualCommands
from extensions.administration.motd import MessageOfTheDay
from extensions.administration.people import PeopleCommands
from extensions.administration.service import ServiceCommands
from extensions.administration.welcome import Welcome
from server.extension import XEP, Extension, On, Spec, Wire
from server.moments import SessionAvailable
from server.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from server.host import Host


class Administration(Extension):
    """Offers the commands of XEP-0133 §4 that this server has."""

    name = "administration"
    requires = ("commands",)
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(
            133, "Service Administration", "1.3.1",
            note="admins are configured (§4.29); no lists of other servers (§4.11, §4.12)",
        ),
    )  # fmt: skip

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        orders = Orders(host.server)
        self.motd = MessageOfTheDay(host)
        self.welcome = Welcome(host)
        self._offers = (
            AccountCommands(host, orders), IndividualCommands(host, orders),
            PeopleCommands(host, orders), ServiceCommands(host, orders), self.motd, self.welcome,
        )  # fmt: skip

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield On(SessionAvailable, self.greet)

    async def start(self) -> None:
        """Offer the commands, remember what is to be said to those who come."""
        await self.motd.kept.load()
        await self.welcome.kept.load()
        commands = self.host.service("commands")
        for offer in self._offers:
            for command in offer.commands():
                commands.offer(command)

    def greet(self, moment: SessionAvailable) -> Awaitable[None] | None:
        """Somebody came online: the news first, as the welcome notes that he was here."""
        self.motd.greet(moment.session)
        return self.welcome.greet(moment.session)
