"""The four verbs of subscriptions at work: stored, pushed, passed on (RFC 6121 §3, Appendix A).

The tables of `server/roster/rules.py` decide. What they decide is on disk before anybody is told,
and a session that sent a verb waits for that: it is acknowledged when it is done (XEP-0198 §4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.errors import StanzaError
from server.moments import PresenceShared, SubscriptionAsked
from server.presence.broadcast import send_to
from server.presence.pending import finish
from server.presence.stanzas import plain, readdressed
from server.roster import changes, rules
from server.roster.errors import OwnAddress, RosterFull
from server.roster.pushes import push
from server.roster.rules import Announce, Outcome, Verb
from server.roster.saving import Change, next_version, save

if TYPE_CHECKING:
    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.roster.item import RosterItem
    from server.session import Session
    from server.stanza import Stanza


#: Bytes of a request that are kept and shown as they came; of a longer one just the request.
LONGEST: Final = 8192


class Subscriptions:
    """Carries out what the verbs bring about, for one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._server = host.server
        self._limits = changes.Limits(items=host.server.config.limits.max_roster_items)

    # -- from the user (A.2) --

    async def send(self, account: Account, verb: Verb, stanza: Stanza, session: Session) -> None:
        """Take a verb of a local user on its way to the contact (§3.1.2, §3.1.5, §3.2, §3.3)."""
        assert stanza.to is not None
        contact = stanza.to.bare
        try:
            outcome = await self._decide_outbound(account, verb, contact)
        except StanzaError as refusal:
            self._host.refuse(stanza, refusal)
            return
        if outcome.passes:
            # "the user's server MUST … stamp … the bare JID" on both addresses (§3.1.2)
            stamped = readdressed(stanza, contact, account.jid)
            await finish(self._server.route(stamped, session))
        await self.announce(account, contact, outcome.announce)

    async def _decide_outbound(self, account: Account, verb: Verb, contact: JID) -> Outcome:
        if contact == account.jid:
            raise OwnAddress
        roster, limit = account.roster, self._limits.items
        before = roster.get(contact)
        outcome = rules.send(verb, contact, before)
        if _is_listed(outcome.item) and not _is_listed(before) and len(roster) >= limit:
            raise RosterFull(limit)
        await self._store(account, contact, before, outcome)
        return outcome

    # -- from the contact (A.3) --

    async def receive(self, account: Account, verb: Verb, stanza: Stanza) -> None:
        """Take a verb of a contact for a local user (§3.1.3, §3.1.6, §3.2.3, §3.3.3)."""
        contact = stanza.from_.bare
        if verb is Verb.SUBSCRIBE and await self._is_welcome(account, contact, stanza):
            await self._befriend(account, contact, stanza)
            return
        before = account.roster.get(contact)
        if contact == account.jid or (before is None and self._is_too_much(account, verb)):
            return
        outcome = rules.receive(verb, contact, before)
        wire = readdressed(stanza, account.jid, contact).wire(account.jid)
        if len(wire) > LONGEST:
            # DEVIATION: §3.1.3 has the complete stanza kept. It would be shown at each login, with
            # those of hundreds of other strangers.
            wire = plain(verb, contact, account.jid).wire(account.jid)
        asks = verb is Verb.SUBSCRIBE and outcome.passes
        try:
            await self._store(account, contact, before, outcome, wire, asks=asks)
        except StanzaError as refusal:
            self._host.refuse(stanza, refusal)
            return
        if asks:
            self._host.moment(SubscriptionAsked(account, contact))
        if outcome.reply is not None:
            await finish(self._server.route(plain(outcome.reply, account.jid, contact)))
        await self.announce(account, contact, outcome.announce)

    def _is_too_much(self, account: Account, verb: Verb) -> bool:
        """Whether one more stranger asks than are remembered: then nobody can answer him."""
        waiting = account.roster.waiting
        return verb is Verb.SUBSCRIBE and not changes.may_note_request(waiting, self._limits)

    # -- from the contact, whom the user has invited (XEP-0379 §3.5) --

    async def _is_welcome(self, account: Account, contact: JID, stanza: Stanza) -> bool:
        """Whether somebody approves in the user's stead; asked only when it makes a difference."""
        approvals = self._host.tables.approvals
        asked = [approvals[tag] for tag in stanza.payloads if tag in approvals]
        before = account.roster.get(contact)
        if not asked or contact == account.jid:
            return False
        if before is not None and (before.state.from_ or before.approved):
            return False
        if not _is_listed(before) and len(account.roster) >= self._limits.items:
            return False
        return any([await approves(account, stanza) for approves in asked])

    async def _befriend(self, account: Account, contact: JID, stanza: Stanza) -> None:
        """Approve the request and ask in return."""
        before = account.roster.get(contact)
        outcome = rules.welcome(contact, before)
        try:
            await self._store(account, contact, before, outcome)
            await finish(self._server.route(plain(Verb.SUBSCRIBED, account.jid, contact)))
            await self.announce(account, contact, outcome.announce)
            if not account.roster.state(contact).to:
                await self._decide_outbound(account, Verb.SUBSCRIBE, contact)
                await finish(self._server.route(plain(Verb.SUBSCRIBE, account.jid, contact)))
        except StanzaError as refusal:
            self._host.refuse(stanza, refusal)

    # -- both --

    async def _store(
        self, account: Account, contact: JID, before: RosterItem | None, outcome: Outcome,
        inbound: bytes = b"", *, asks: bool = False,
    ) -> None:  # fmt: skip
        """Save what was decided, then tell the devices; `inbound` is what came from a contact."""
        version = next_version(account) if outcome.push else 0
        request = inbound if asks else None
        change = Change(contact, before, outcome.item, version, request)
        if outcome.store:
            await save(account, change)
        if outcome.passes and inbound:
            self._show(account, inbound, is_request=asks)
        push(account, change)

    @staticmethod
    def _show(account: Account, wire: bytes, *, is_request: bool) -> None:
        """Hand a verb to the devices.

        A request goes to those that are available (§3.1.3), the others to those that are
        interested, before the push that tells the same (§3.1.6).
        """
        if is_request:
            for session in account.reach.available:
                session.send(wire)
        else:
            for session in account.sessions.values():
                if session.interested:
                    session.send(wire)

    async def announce(self, account: Account, contact: JID, announce: Announce) -> None:
        """Tell a contact how the user is, or that he is gone, from each available device."""
        hidden = announce is not Announce.UNAVAILABLE and account.roster.hides(contact)
        if announce is Announce.NOTHING or hidden:
            return
        for session in account.reach.available:
            presence = session.presence
            if announce is Announce.UNAVAILABLE:
                presence = plain("unavailable", session.jid, None)
            if presence is not None:
                await finish(send_to(self._server, presence, contact))
        if announce is Announce.CURRENT:
            self._host.moment(PresenceShared(account, contact))


def _is_listed(item: RosterItem | None) -> bool:
    return item is not None and item.listed
