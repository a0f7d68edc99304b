"""Presence of local users: told to those who may know, answered for those who ask (RFC 6121 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.errors import Condition, StanzaError
from server.extension import Extension
from server.presence import failures, probes
from server.presence.availability import Availability
from server.presence.pending import Pending, finish
from server.presence.stanzas import plain
from server.presence.subscriptions import Subscriptions
from server.roster.changes import remove
from server.roster.rules import Verb
from server.router import Verdict, route_presence

if TYPE_CHECKING:
    from server.account import Account
    from server.host import Host
    from server.roster.changes import Removal
    from server.session import Session
    from server.stanza import Stanza

_VERBS: Final = frozenset(Verb)

#: Bytes in presence that goes to every contact: one stanza becomes thousands.
LONGEST: Final = 16_384


class PresenceService(Extension):
    """What the host asks about presence; the other files of this folder are its parts."""

    name: ClassVar[str] = "presence"
    requires: ClassVar[tuple[str, ...]] = ("roster",)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        host.presence = self
        self._server = host.server
        self._availability = Availability(host)
        self._subscriptions = Subscriptions(host)

    def submit(self, session: Session, stanza: Stanza) -> Pending:
        """Take presence that a client of this host sent."""
        type_, to = stanza.type, stanza.to
        if to is None:
            if len(stanza.content) > LONGEST:
                text = f"presence for all may have {LONGEST} bytes"
                self.host.refuse(stanza, StanzaError(Condition.POLICY_VIOLATION, text))
                return None
            if type_ is None:
                return self._availability.available(session, stanza)
            if type_ == "unavailable":
                return self._availability.unavailable(session, stanza)
        elif type_ is None or type_ == "unavailable":
            return self._availability.direct(session, stanza, to)
        elif type_ in _VERBS:
            return self._subscriptions.send(session.account, Verb(type_), stanza, session)
        elif type_ in ("error", "probe"):
            return self._server.route(stanza, session)
        self._refuse(stanza)
        return None

    def ended(self, session: Session) -> None:
        """A session is over that did not say goodbye."""
        self._availability.ended(session)

    def receive(self, account: Account | None, stanza: Stanza) -> Pending:
        """Take presence for an account of this host, or for none (§8.5)."""
        to = stanza.to
        assert to is not None
        targets = route_presence(stanza.type, to, None if account is None else account.reach)
        if isinstance(targets, tuple):
            wire = stanza.wire(to)
            for session in targets:
                session.send(wire)
            if stanza.type == "error":
                failures.note(targets, stanza.from_.bare)
        elif targets is Verdict.MALFORMED:
            self._refuse(stanza)
        elif targets is Verdict.HANDLE:
            if stanza.type == "probe":
                return probes.answer(self._server, account, stanza)
            assert account is not None
            return self._subscriptions.receive(account, Verb(stanza.type or ""), stanza)
        return None

    def _refuse(self, stanza: Stanza) -> None:
        text = "this type of presence is not known, or needs an address"
        self.host.refuse(stanza, StanzaError(Condition.BAD_REQUEST, text))

    async def part(self, account: Account, removal: Removal, session: Session | None) -> None:
        """A contact left the roster: what he is told (§2.5.2)."""
        for verb in removal.verbs:
            await finish(self._server.route(plain(verb, account.jid, removal.jid), session))
        await self._subscriptions.announce(account, removal.jid, removal.announce)

    async def part_all(self, account: Account) -> None:
        """The account is about to be deleted: tell its contacts (XEP-0077 §3.2)."""
        for item in list(account.roster.contacts()):
            await self.part(account, remove(item.jid, item), None)
