"""What there is to know of single users; their sessions ended (XEP-0133 §4.5, §4.8 to §4.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.administration.words import answer, command, own, question, refusals
from extensions.commands import Done, Note, Stage
from extensions.payloads import timestamps
from extensions.payloads.forms import Field, Form
from server.dossier import address
from server.errors import Condition, StanzaError
from server.jid import JID
from server.stream.reader import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.commands import Command
    from server.account import Account
    from server.extension import Request
    from server.host import Host
    from server.orders import Orders

#: How many users may be asked about at once; each of their rosters may be long.
MOST: Final = 20

_ACCOUNT: Final = Field("accountjid", (), "jid-single", "The Jabber ID", required=True)
_ACCOUNTS: Final = Field("accountjids", (), "jid-multi", "The Jabber ID(s)", required=True)

_END: Final = question("Ending a User Session", _ACCOUNTS)
_ROSTER: Final = question("Getting a User's Roster", _ACCOUNTS)
_LOGIN: Final = question("Getting a User's Last Login Time", _ACCOUNTS)
_STATISTICS: Final = question("Get User Statistics", _ACCOUNT)


@dataclass(frozen=True, slots=True)
class IndividualCommands:
    """The commands about single users of one host."""

    host: Host
    orders: Orders

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield command("end-user-session", "End User Session", self.ask_end)
        yield command("get-user-roster", "Get User Roster", self.ask_roster)
        yield command("get-user-lastlogin", "Get User Last Login Time", self.ask_login)
        yield command("user-stats", "Get User Statistics", self.ask_statistics)

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

    # -- rosters --

    async def ask_roster(self, request: Request) -> Stage:
        """Whose roster."""
        return Stage(_ROSTER, self.roster)

    async def roster(self, request: Request, given: Form) -> Done:
        """One `<query/>` each, "formatted according to the 'jabber:iq:roster' protocol" (§4.8)."""
        jids = self._users(given)
        queries = [parse((await self._account(jid)).roster.query) for jid in jids]
        form = answer(Field("accountjids", jids, "jid-multi"), extra=tuple(queries))
        return Done(form=form)

    async def _account(self, jid: str) -> Account:
        account = await self.host.accounts.load(JID.parse(jid))
        if account is None:
            raise StanzaError(Condition.ITEM_NOT_FOUND, f"There is no account {jid}")
        return account

    # -- logins --

    async def ask_login(self, request: Request) -> Stage:
        """Whose last login."""
        return Stage(_LOGIN, self.login)

    async def login(self, request: Request, given: Form) -> Done:
        """When each has logged in last (§4.9); who never has is told in a note."""
        times: dict[str, int] = {}
        for jid in self._users(given):
            with refusals():
                times[jid] = await self.orders.last_login(jid)
        known = {jid: timestamps.build(time) for jid, time in times.items() if time}
        never = tuple(Note(f"{jid} has never logged in") for jid in times if jid not in known)
        accounts = Field("accountjids", tuple(known), "jid-multi")
        kind = "text-multi" if len(known) > 1 else "text-single"
        logins = Field("lastlogin", tuple(known.values()), kind, "Last login")
        return Done(form=answer(accounts, logins), notes=never)

    def _users(self, given: Form) -> tuple[str, ...]:
        """The accounts that are asked about, each once."""
        jids = dict.fromkeys(own(self.host, jid.bare) for jid in given.jids("accountjids"))
        if len(jids) > MOST:
            raise StanzaError(Condition.NOT_ACCEPTABLE, f"Ask about {MOST} users at once at most")
        return tuple(jids)

    # -- figures --

    async def ask_statistics(self, request: Request) -> Stage:
        """Whose figures."""
        return Stage(_STATISTICS, self.statistics)

    async def statistics(self, request: Request, given: Form) -> Done:
        """What is known of a user now (§4.10).

        Stanzas a second and logins a minute are counted for the server, not for each user: that
        would be work for each stanza.
        """
        jid = given.jid("accountjid")
        assert jid is not None  # the field is required
        account = await self._account(own(self.host, jid.bare))
        sessions = account.sessions.values()
        places = dict.fromkeys(filter(None, map(address, sessions)))
        return Done(
            form=answer(
                Field("ipaddresses", tuple(places), "text-multi", "IP addresses"),
                Field("rostersize", (str(len(account.roster)),), "text-single", "Roster size"),
                Field("onlineresources", tuple(account.sessions), "text-multi", "Resources"),
            )
        )
