"""What administrators order of a running server, by the command line or by a client.

Accounts are `administration.py`'s; here is what a running server adds to that: those who are online
feel it at once, and there are sessions to look at, to end and to speak to.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from server import log
from server.administration import Administration
from server.control import Refused
from server.dossier import describe, is_active
from server.element import escape, is_xml
from server.errors import StreamCondition, StreamError
from server.jid import JID, JIDMalformed
from server.moments import AccountDeleted, PasswordChanged
from server.storage.errors import StorageError
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.account import Account
    from server.control import Verb
    from server.host import Host
    from server.server import Server
    from server.session import Session

_log = log.get(__name__)

#: Bytes of an announcement.
LONGEST: Final = 10_000


class CannotEnd(Refused):
    """The server was started by somebody who takes no orders to end it."""


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
            "server.stop": self.stop,
            "user.show": self.show,
        }

    # -- accounts --

    def accounts(self) -> Administration:
        """Orders about accounts that those who are online feel."""
        server = self.server
        return Administration(
            server.database, server.config.server.domains, server.config.auth.scram_iterations,
            server.clock, server.entropy, self.deleted, self._changed, self._deleting,
            self._disabled, self._enabled,
        )  # fmt: skip

    async def _deleting(self, jid: JID) -> None:
        """Contacts learn that the account goes (XEP-0077 §3.2); it is in memory from then on."""
        host = self.server.hosts[jid.domain]
        account = await host.accounts.load(jid)
        if account is not None:
            await host.presence.part_all(account)

    def deleted(self, jid: JID) -> None:
        """An account is gone: so are its sessions, and whoever keeps something of it is told."""
        host = self.server.hosts[jid.domain]
        account = host.accounts.known(jid)
        gone = StreamError(StreamCondition.NOT_AUTHORIZED, "the account was deleted")
        self._end_all(host, jid, gone)
        if account is not None:
            host.moment(AccountDeleted(account))

    def _changed(self, jid: JID) -> None:
        host = self.server.hosts[jid.domain]
        reason = StreamError(StreamCondition.RESET, "the password was changed")
        self._end_all(host, jid, reason)
        host.moment(PasswordChanged(jid))

    def _disabled(self, jid: JID) -> None:
        reason = StreamError(StreamCondition.NOT_AUTHORIZED, "the account was disabled")
        self._end_all(self.server.hosts[jid.domain], jid, reason)

    def _enabled(self, jid: JID) -> None:
        accounts = self.server.hosts[jid.domain].accounts
        accounts.changed(jid)
        account = accounts.known(jid)
        if account is not None and not account.sessions:
            accounts.forget(account)

    def _end_all(self, host: Host, jid: JID, reason: StreamError) -> None:
        """End the sessions of an account that must be read anew."""
        host.accounts.changed(jid)
        account = host.accounts.known(jid)
        if account is not None:
            self.server.sessions.end_account(account, reason)
            host.accounts.forget(account)

    async def show(self, jid: str) -> dict[str, Any]:
        """What is known of an account, with the devices that are online."""
        with suppress(StorageError):  # what cannot be written can still be read
            await self.server.journal.sync()
        found = await self.accounts().show(jid)
        account = self._known(found["jid"])
        if account is not None and account.sessions:
            found["last_login"] = stamp(account.last_login).decode()
            found["sessions"] = [describe(each) for each in account.sessions.values()]
        return found

    async def last_login(self, jid: str) -> int:
        """When an account was logged into last, in unix milliseconds; 0: never."""
        stored = await self.accounts().last_login(jid)
        account = self._known(jid)
        return stored if account is None else max(stored, account.last_login)

    def _known(self, jid: str) -> Account | None:
        """The account if it is in memory."""
        bare = JID.parse(jid)
        return self.server.hosts[bare.domain].accounts.known(bare)

    # -- sessions --

    async def online(self, domain: str = "") -> list[str]:
        """The full addresses of those who are online, at a domain or everywhere, in order."""
        return sorted(str(session.jid) for session in self._sessions(domain))

    async def active(self, domain: str, *, idle: bool = False) -> list[str]:
        """The accounts of a domain that somebody uses now, or else those that are only online."""
        accounts = self.server.hosts[domain].accounts.active()
        return sorted(
            str(account.jid)
            for account in accounts
            if any(map(is_active, account.sessions.values())) is not idle
        )

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
        if not is_sayable(text):
            raise Refused(f"an announcement has a text, of {LONGEST} bytes at most")
        told = [session for session in self._sessions(domain) if session.is_available]
        for session in told:
            session.send(notice(session, "Announcement", text))
        return len(told)

    # -- the server itself --

    async def stop(self, delay: float, text: str = "", *, restart: bool = False) -> int:
        """End the server after so many seconds, or let it begin anew; tell everybody before.

        Gives how many devices were told. Of several such orders the one counts that is due first.
        """
        if self.server.ask_to_end is None:
            raise CannotEnd("this server can only be ended by whoever has started it")
        told = await self.announce(text) if text.strip() else 0
        _log.warning("server.ordered_to_end", seconds=delay, restart=restart)
        self.server.tasks.spawn(self._stop_later(delay, restart), "ending")
        return told

    async def _stop_later(self, delay: float, restart: bool) -> None:
        await self.server.clock.sleep(delay)
        assert self.server.ask_to_end is not None
        self.server.ask_to_end(restart)

    def _sessions(self, domain: str) -> Iterator[Session]:
        for name, host in self.server.hosts.items():
            if not domain or name == domain:
                for account in host.accounts.active():
                    yield from account.sessions.values()


def is_sayable(text: str) -> bool:
    """Whether this is a text for people: there is some, not too much, and XML can carry it."""
    return bool(text.strip()) and is_xml(text) and len(text.encode()) <= LONGEST


def notice(session: Session, subject: str, text: str) -> bytes:
    """A word of the server's to one device, which nobody keeps (RFC 6121 §5.2.2: headline)."""
    return (
        b"<message type='headline' from='%s' to='%s'><subject>%s</subject><body>%s</body></message>"
    ) % (session.host.jid.wire, session.jid.wire, escape(subject), escape(text))
