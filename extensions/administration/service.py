"""Words to all who are online; the service ended or begun anew (XEP-0133 §4.23, §4.30, §4.31)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from extensions.administration.words import command, question, refusals
from extensions.commands import Done, Stage
from extensions.payloads.forms import Field, Form, Option
from server import log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.commands import Command
    from server.extension import Request
    from server.host import Host
    from server.orders import Orders

_log = log.get(__name__)

#: The delays of the examples, in seconds (§4.30).
_DELAYS: Final = (
    Option("30", "30 seconds"), Option("60", "60 seconds"), Option("90", "90 seconds"),
    Option("120", "2 minutes"), Option("180", "3 minutes"), Option("240", "4 minutes"),
    Option("300", "5 minutes"),
)  # fmt: skip

_TEXT: Final = Field("announcement", (), "text-multi", "Announcement", required=True)
_WORDS: Final = Field("announcement", (), "text-multi", "Announcement")
_ANNOUNCE: Final = question("Making an Announcement", _TEXT)


@dataclass(frozen=True, slots=True)
class ServiceCommands:
    """The commands about the service as a whole."""

    host: Host
    orders: Orders

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("announce", "Send Announcement to Online Users", self.ask_announce)
        yield command("restart", "Restart Service", partial(self._ask, "Restarting", True))
        yield command("shutdown", "Shut Down Service", partial(self._ask, "Shutting Down", False))

    async def ask_announce(self, request: Request) -> Stage:
        """What to say (§4.23)."""
        return Stage(_ANNOUNCE, self.announce)

    async def announce(self, request: Request, given: Form) -> Done:
        """Tell "only … users who currently have a 'session' with the service"."""
        with refusals():
            told = await self.orders.announce(given.text("announcement") or "", self.host.domain)
        return Done(f"{told} devices were told")

    async def _ask(self, what: str, restart: bool, request: Request) -> Stage:
        """When, and what to say before (§4.30, §4.31)."""
        label = f"Time delay before {what.lower()}"
        delay = Field("delay", ("60",), "list-single", label, options=_DELAYS)
        return Stage(question(f"{what} the Service", delay, _WORDS), partial(self._end, restart))

    async def _end(self, restart: bool, request: Request, given: Form) -> Done:
        """End everything that this process serves, all of its domains, after that time."""
        delay = int(given.value("delay") or "60")
        _log.warning("service.ending", by=request.from_.bare, seconds=delay, restart=restart)
        with refusals():
            await self.orders.stop(delay, given.text("announcement") or "", restart=restart)
        return Done(f"The service {'restarts' if restart else 'ends'} in {delay} seconds")
