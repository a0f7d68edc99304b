"""What administrators order of a running server, by the command line or by a client.

Accounts are `administration.py`'s; here is what a running server adds to that: those who are online
feel it at once, and there are sessions to look at, to end and to speak to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.administration import Administration
from server.control import Refused
from server.element import escape
from server.errors import StreamCondition, StreamError
from server.jid import JID, JIDMalformed
from server.moments import AccountDeleted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.control import Verb
    from server.host import Host
    from server.server import Server
    from server.session import Session

#: Bytes of an announcement.
LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders to one server."""

    server: Server

    def verbs(self) -> Mapping[str, Verb]:
        """All orders of the core by name, for the control socket."""
        return {
            **self.accounts().verbs(),
            "session.announce": self.announce,
            "session.end": self.end,
            "session.list": self.online,
        }

    # -- accounts --

    def accounts(self) -> Administration:
        """Orders about accounts that those who are online feel."""
        server = self.server
        return Administration(
            server.database, server.config.server.domains, server.config.auth.scram_iterations,
            server.clock, server.entropy, self._deleted, self._changed, self._deleting,
        )  # fmt: skip

    async def _deleting(self, jid: JID) -> None:
        """Contacts learn that the account goes (XEP-0077 §3.2); it is in memory from then on."""
        host = self.server.hosts[jid.domain]
        account = await host.accounts.load(jid)
        if account is not None:
            await host.presence.part_all(account)

    def _deleted(self, jid: JID) -> None:
        host = self.server.hosts[jid.domain]
        account = host.accounts.known(jid)
        gone = StreamError(StreamCondition.NOT_AUTHORIZED, "the account was deleted")
        self._end_all(host, jid, gone)
        if account is not None:
            host.moment(AccountDeleted(account))

    def _changed(self, jid: JID) -> None:
        reason = StreamError(StreamCondition.RESET, "the password was changed")
        self._end_all(self.server.hosts[jid.domain], jid, reason)

    def _end_all(self, host: Host, jid: JID, reason: StreamError) -> None:
        """End the sessions of an account that must be read anew."""
        host.accounts.changed(jid)
        account = host.accounts.known(jid)
        if account is not None:
            self.server.sessions.end_account(account, reason)
            host.accounts.forget(account)

    # -- sessions --

    async def online(self, domain: str = "") -> list[str]:
        """The full addresses of those who are online, at a domain or everywhere, in order."""
        return sorted(str(session.jid) for session in self._sessions(domain))

    async def end(self, jid: str) -> int:
        """End the session of a full address, or all of an account; gives how many there were."""
        try:
            whom = JID.parse(jid)
        except JIDMalformed as error:
            raise Refused(f"{jid!r} is not an address: {error}") from None
        host = self.server.hosts.get(whom.domain)
        account = None if host is None else host.accounts.online(whom.bare)
        sessions = [] if account is None else list(account.sessions.values())
        ended = [each for each in sessions if whom.is_bare or each.jid == whom]
        # As for a reset connection the client may come back; who must not is deleted.
        reason = StreamError(StreamCondition.RESET, "an administrator has ended this session")
        for session in ended:
            self.server.sessions.end(session, reason)
        return len(ended)

    async def announce(self, text: str, domain: str = "") -> int:
        """Tell everybody who is available now; gives how many devices that were."""
        if not text.strip() or len(text.encode()) > LONGEST:
            raise Refused(f"an announcement has a text, of {LONGEST} bytes at most")
        told = [session for session in self._sessions(domain) if session.is_available]
        for session in told:
            session.send(notice(session, "Announcement", text))
        return len(told)

    def _sessions(self, domain: str) -> Iterator[Session]:
        for name, host in self.server.hosts.items():
            if not domain or name == domain:
                for account in host.accounts.active():
                    yield from account.sessions.values()


def notice(session: Session, subject: str, text: str) -> bytes:
    """A word of the server's to one device, which nobody keeps (RFC 6121 §5.2.2: headline)."""
    return (
        b"<message type='headline' from='%s' to='%s'><subject>%s</subject><body>%s</body></message>"
    ) % (session.host.jid.wire, session.jid.wire, escape(subject), escape(text))
