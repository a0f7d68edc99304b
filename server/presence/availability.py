"""How available a session is, and who is told, from first to last (RFC 6121 §4.2 to §4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.element import NS_CLIENT
from server.errors import Condition, StanzaError
from server.moments import SessionAvailable
from server.presence import rules
from server.presence.broadcast import broadcast, catch_up, send_to, show, tell_own
from server.presence.failures import audience
from server.presence.payloads import priority_of
from server.presence.pending import Pending, all_of, finish
from server.presence.rules import Step
from server.presence.stanzas import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.host import Host
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza

#: How many addresses one session may tell of its presence directly.
DIRECTED: Final = 500

_STATUS: Final = f"{{{NS_CLIENT}}}status"
_LONGEST_STATUS: Final = 1000


class Availability:
    """Follows the sessions of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._server = host.server

    def available(self, session: Session, stanza: Stanza) -> Pending:
        """Initial presence or an update (§4.2, §4.4)."""
        account, server = session.account, self._server
        before, was = session.presence, session.priority
        session.presence = stanza
        session.priority = priority = priority_of(stanza.element)
        if before is None or priority != was:
            account.refresh_reach()
        broadcast(server, stanza, account, audience(session))
        tell_own(stanza, account.reach.available)
        pending = self._arrive(session) if before is None else None
        if priority >= 0 and (before is None or was < 0):
            server.drain.became_available(session)
        return pending

    def _arrive(self, session: Session) -> Pending:
        """The initial presence: learn how the others are (§4.2.2, §4.3.1)."""
        account, roster = session.account, session.account.roster
        for other in account.reach.available:
            if other is not session:
                show(session, other)
        probed = catch_up(self._server, session, roster.sources)
        # §3.1.3: requests are shown "whenever the contact creates an available resource".
        for contact, request in roster.requests.items():
            if not roster.hides(contact):
                session.send(request)
        self._host.moment(SessionAvailable(session))
        asked = [contact for contact in rules.asked(roster.items) if not roster.hides(contact)]
        return self._ask(session, probed, asked) if probed or asked else None

    async def _ask(self, session: Session, probed: list[JID], asked: list[JID]) -> None:
        """Ask contacts elsewhere how they are, and repeat what was not answered (§3.1.2)."""
        route, own = self._server.route, session.account.jid
        for contact in probed:
            await finish(route(plain("probe", session.jid, contact), session))
        for contact in asked:
            await finish(route(plain("subscribe", own, contact), session))

    def unavailable(self, session: Session, stanza: Stanza) -> Pending:
        """The session's own farewell (§4.5)."""
        account = session.account
        account.last_status = (stanza.element.findtext(_STATUS) or "")[:_LONGEST_STATUS]
        return self._farewell(session, stanza, account.reach.available)

    def ended(self, session: Session) -> None:
        """The session is over without a farewell: say it in its place (§4.5.2)."""
        account = session.account
        if session.presence is not None:
            account.last_status = ""
        others = tuple(each for each in account.reach.available if each is not session)
        stanza = plain("unavailable", session.jid, None)
        pending = self._farewell(session, stanza, others)
        if pending is not None:
            self._server.tell(finish, pending)

    def _farewell(self, session: Session, stanza: Stanza, own: Sequence[Session]) -> Pending:
        """Tell all who think the session available that it is not (§4.5.2, §4.6.3)."""
        account = session.account
        told: Sequence[JID] = ()
        if rules.step(session.is_available, "unavailable") is Step.FINAL:
            session.presence = None
            session.priority = 0
            account.refresh_reach()
            told = audience(session)
            broadcast(self._server, stanza, account, told)
            tell_own(stanza, own)
        if not session.directed:
            return None
        left = rules.farewells(session.directed, frozenset(told))
        session.directed = set()
        return all_of(send_to(self._server, stanza, jid, session) for jid in left)

    def direct(self, session: Session, stanza: Stanza, to: JID) -> Pending:
        """Presence for one address, which must learn of the end (§4.6)."""
        if rules.direct(session.directed, to, stanza.type, DIRECTED):
            return self._server.route(stanza, session)
        text = "presence was directed to too many addresses"
        self._host.refuse(stanza, StanzaError(Condition.RESOURCE_CONSTRAINT, text))
        return None
