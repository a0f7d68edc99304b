"""Presence of local users: told to those who may know, answered for those who ask (RFC 6121 §4)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, ClassVar, Final

from server.element import NS_CLIENT
from server.errors import Condition, StanzaError
from server.extension import Extension
from server.moments import SessionAvailable
from server.presence import rules
from server.presence.broadcast import broadcast, catch_up, show, tell_own
from server.presence.payloads import priority_of
from server.presence.pending import all_of, finish
from server.presence.rules import Answer, Step
from server.presence.stanzas import plain, readdressed
from server.presence.subscriptions import Subscriptions
from server.roster.item import State
from server.roster.rules import Verb
from server.router import Verdict, route_presence

if TYPE_CHECKING:
    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.roster.changes import Removal
    from server.session import Session
    from server.stanza import Stanza

Pending = Awaitable[None] | None

#: How many addresses one session may tell of its presence directly.
DIRECTED: Final = 500

_STATUS: Final = f"{{{NS_CLIENT}}}status"
_VERBS: Final = frozenset(Verb)
_LONGEST_STATUS: Final = 1000


class PresenceService(Extension):
    """What the host asks about presence; everything else in this folder is its parts."""

    name: ClassVar[str] = "presence"
    requires: ClassVar[tuple[str, ...]] = ("roster",)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        host.presence = self
        self._server = host.server
        self._subscriptions = Subscriptions(host)

    # -- from a local session --

    def submit(self, session: Session, stanza: Stanza) -> Pending:
        """Take presence that a client of this host sent."""
        type_, to = stanza.type, stanza.to
        if to is None:
            if type_ is None:
                return self._available(session, stanza)
            if type_ == "unavailable":
                return self._unavailable(session, stanza)
        elif type_ in _VERBS:
            return self._subscriptions.send(session.account, Verb(type_), stanza, session)
        elif type_ is None or type_ == "unavailable":
            return self._direct(session, stanza, to)
        elif type_ in ("error", "probe"):
            return self._server.route(stanza, session)
        self._refuse(stanza)
        return None

    def _refuse(self, stanza: Stanza) -> None:
        # "If the value of the 'type' attribute is not understood, … SHOULD … return <bad-request/>"
        self.host.refuse(
            stanza,
            StanzaError(Condition.BAD_REQUEST, "this type of presence is not known, or needs 'to'"),
        )

    def _direct(self, session: Session, stanza: Stanza, to: JID) -> Pending:
        if not rules.direct(session.directed, to, stanza.type, DIRECTED):
            self.host.refuse(
                stanza,
                StanzaError(
                    Condition.RESOURCE_CONSTRAINT, "you have directed presence to too many"
                ),
            )
            return None
        return self._server.route(stanza, session)

    def _available(self, session: Session, stanza: Stanza) -> Pending:
        account, server = session.account, self._server
        before, was = session.presence, session.priority
        session.presence = stanza
        session.priority = priority = priority_of(stanza.element)
        if before is None or priority != was:
            account.refresh_reach()
        broadcast(server, stanza, account, account.roster.audience)
        tell_own(stanza, account.reach.available)
        pending = self._arrive(session) if before is None else None
        if priority >= 0 and (before is None or was < 0):
            server.delivery.became_available(session)
        return pending

    def _arrive(self, session: Session) -> Pending:
        """The initial presence: learn how the others are (§4.2.2, §4.3.1)."""
        account, roster = session.account, session.account.roster
        for other in account.reach.available:
            if other is not session:
                show(session, other)
        left = catch_up(self._server, session, roster.sources)
        # §3.1.3: requests are shown "whenever the contact creates an available resource".
        for request in roster.requests.values():
            session.send(request)
        self.host.moment(SessionAvailable(session))
        asked = rules.asked(roster.items)
        if left or asked:
            return self._ask(account, session, left, asked)
        return None

    async def _ask(
        self, account: Account, session: Session, probed: list[JID], asked: list[JID]
    ) -> None:
        for jid in probed:
            await finish(self._server.route(plain("probe", session.jid, jid), session))
        for jid in asked:
            await finish(self._server.route(plain("subscribe", account.jid, jid), session))

    def _unavailable(self, session: Session, stanza: Stanza) -> Pending:
        account = session.account
        account.last_status = (stanza.element.findtext(_STATUS) or "")[:_LONGEST_STATUS]
        audience = account.reach.available
        return self._farewell(session, stanza, audience)

    def ended(self, session: Session) -> None:
        """The session is over without goodbye: say it in its place (§4.5.2)."""
        stanza = plain("unavailable", session.jid, None)
        if session.presence is not None:
            session.account.last_status = ""
        audience = tuple(s for s in session.account.reach.available if s is not session)
        pending = self._farewell(session, stanza, audience)
        if pending is not None:
            self._server.tasks.spawn(finish(pending), "presence")

    def _farewell(
        self, session: Session, stanza: Stanza, available: tuple[Session, ...]
    ) -> Pending:
        """Tell all who thought the session available that it is not (§4.5.2, §4.6.3)."""
        account = session.account
        told: tuple[JID, ...] = ()
        if rules.step(session.is_available, "unavailable") is Step.FINAL:
            session.presence = None
            session.priority = 0
            account.refresh_reach()
            told = account.roster.audience
            broadcast(self._server, stanza, account, told)
            tell_own(stanza, available)
        if not session.directed:
            return None
        last = rules.farewells(session.directed, frozenset(told))
        session.directed = set()
        return self._tell_each(stanza, last, session)

    def _tell_each(self, stanza: Stanza, recipients: list[JID], session: Session) -> Pending:
        return all_of(self._server.route(readdressed(stanza, jid), session) for jid in recipients)

    # -- for an address of this host --

    def receive(self, account: Account | None, stanza: Stanza) -> Pending:
        """Take presence for an account of this host, or for none (§8.5)."""
        to = stanza.to
        assert to is not None
        targets = route_presence(stanza.type, to, None if account is None else account.reach)
        if isinstance(targets, tuple):
            wire = stanza.wire(to)
            for session in targets:
                session.send(wire)
            return None
        if targets is Verdict.MALFORMED:
            self._refuse(stanza)
        elif targets is Verdict.HANDLE:
            if stanza.type == "probe":
                return self._probed(account, stanza, to)
            assert account is not None
            return self._subscriptions.receive(account, Verb(stanza.type or ""), stanza)
        return None

    def _probed(self, account: Account | None, stanza: Stanza, to: JID) -> Pending:
        """Answer a probe (§4.3.2)."""
        who = stanza.from_
        available: dict[str, Session] = {}
        state = None
        if account is not None:
            available = {s.jid.resource: s for s in account.reach.available}
            own = who.bare == account.jid
            state = State.BOTH if own else account.roster.state(who.bare)
        directed = [
            name for name, s in available.items() if who in s.directed or who.bare in s.directed
        ]
        answer = rules.answer_probe(state, to.resource, available, directed)
        if isinstance(answer, list):
            presences = (available[name].presence for name in answer)
            return all_of(self._server.route(readdressed(p, who)) for p in presences if p)
        if answer is Answer.SILENCE:
            return None
        type_ = "unavailable" if answer is Answer.UNAVAILABLE else "unsubscribed"
        return self._server.route(plain(type_, to.bare, who))

    # -- parts of other flows --

    async def part(self, account: Account, removal: Removal, session: Session | None) -> None:
        """A contact was removed from the roster: what is told to him (§2.5.2)."""
        for verb in removal.verbs:
            await finish(self._server.route(plain(verb, account.jid, removal.jid), session))
        await self._subscriptions.announce(account, removal.jid, removal.announce)
