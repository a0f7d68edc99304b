"""What the operator orders about greetings, on a running server or beside a stopped one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from extensions.administration.texts import Text
from server.control import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from extensions.administration import Administration
    from extensions.administration.motd import MessageOfTheDay
    from extensions.administration.welcome import Welcome
    from server.clock import Clock
    from server.control import Verb
    from server.host import Host
    from server.storage.database import Database

KINDS: Final = ("motd", "welcome")


@dataclass(frozen=True, slots=True)
class GreetingOrders:
    """The orders about the message of the day and the welcome.

    `hosts` are those of the running server, by domain; beside a stopped one there are none, and
    only what is kept is changed.
    """

    database: Database
    clock: Clock
    domains: tuple[str, ...]
    hosts: Mapping[str, Host]

    def verbs(self) -> Mapping[str, Verb]:
        """The orders by name, for the control socket."""
        return {
            f"{kind}.{name}": partial(order, kind)
            for kind in KINDS
            for name, order in (("show", self.show), ("set", self.set), ("delete", self.delete))
        }

    async def show(self, kind: str, domain: str = "") -> dict[str, str]:
        """The texts by domain, of those that have one."""
        found: dict[str, str] = {}
        for each in self._domains(domain):
            kept = Text(self.database, kind, each)
            await kept.load()
            if kept.text:
                found[each] = kept.text
        return found

    async def set(self, kind: str, text: str, domain: str = "") -> None:
        """Set it at a domain, or everywhere."""
        for each in self._domains(domain):
            running = self._running(kind, each)
            if running is not None:
                await running.say(text)
            else:
                now = int(self.clock.utcnow() * 1000)
                await Text(self.database, kind, each).keep(text, now)

    async def delete(self, kind: str, domain: str = "") -> None:
        """Take it away at a domain, or everywhere."""
        for each in self._domains(domain):
            running = self._running(kind, each)
            await (running or Text(self.database, kind, each)).drop()

    def _domains(self, domain: str) -> Iterator[str]:
        if domain and domain not in self.domains:
            known = ", ".join(self.domains)
            raise Refused(f"the domain {domain} is not served here; served are: {known}")
        yield from [domain] if domain else self.domains

    def _running(self, kind: str, domain: str) -> MessageOfTheDay | Welcome | None:
        """Who greets at that domain, if a server runs."""
        host = self.hosts.get(domain)
        if host is None:
            return None
        extension: Administration = host.service("administration")
        return extension.motd if kind == "motd" else extension.welcome
