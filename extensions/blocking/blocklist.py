"""A block list at work: the guard of an account that has one, and who learns of its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.blocking.rules import answer_inbound, covers, refuse_outbound
from server.presence import veils
from server.presence.broadcast import send_to
from server.presence.pending import finish
from server.presence.stanzas import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.errors import StanzaError
    from server.extension import Verdict
    from server.jid import JID
    from server.server import Server
    from server.session import Session
    from server.stanza import Stanza

NAME: Final = "blocking"


class BlockList:
    """Keeps an account and those it has blocked apart."""

    __slots__ = ("_exempt", "jids")

    def __init__(self, account: Account, jids: frozenset[JID]) -> None:
        self.jids = jids
        # Whoever blocks the own domain means the others there.
        self._exempt = (account.jid, account.host.jid)

    def covers(self, jid: JID) -> bool:
        """Whether an address is blocked."""
        return covers(self.jids, jid) and jid.bare not in self._exempt

    def outbound(self, session: Session, stanza: Stanza) -> StanzaError | None:
        """Nothing goes to those who are blocked."""
        to = stanza.to
        return refuse_outbound() if to is not None and self.covers(to) else None

    def inbound(self, account: Account, stanza: Stanza) -> Verdict | StanzaError | None:
        """Nothing comes from those who are blocked."""
        return answer_inbound(stanza) if self.covers(stanza.from_) else None


def of(account: Account) -> frozenset[JID]:
    """Whom an account has blocked."""
    guard = account.guards.get(NAME)
    return guard.jids if isinstance(guard, BlockList) else frozenset()


def hang_up(account: Account, guard: BlockList) -> None:
    """From now on this list holds, and no other."""
    account.guard(NAME, guard if guard.jids else None)
    account.roster.veil(guard.covers if guard.jids else None, NAME)
    account.shuns = guard.covers if guard.jids else None


async def part(server: Server, account: Account, jids: Iterable[JID]) -> None:
    """Block these as well, and say farewell to those who could see the user.

    "the user's server MUST send unavailable presence information to the JID (but only if the JID is
    allowed to receive presence notifications from the user" (§3.3); likewise to those who got
    presence directly, a room say.
    """
    guard = BlockList(account, of(account).union(jids))
    subscribers = account.roster.audience
    single = {jid for jid in jids if jid.resource and jid.bare in subscribers}
    await veils.change(server, account, lambda: hang_up(account, guard))
    for session in list(account.sessions.values()):
        told = {jid for jid in session.directed if guard.covers(jid)}
        session.directed -= told
        if session.is_available:
            told |= single
        farewell = plain("unavailable", session.jid, None)
        for jid in sorted(told):
            await finish(send_to(server, farewell, jid, session))


async def meet(server: Server, account: Account, jids: frozenset[JID]) -> None:
    """Unblock these; those who may see each other do so again.

    "the user's server MUST send the user's current presence information to the JID (but only if the
    JID is allowed to receive presence notifications" (§3.4).
    """
    guard = BlockList(account, of(account) - jids)
    subscribers = account.roster.audience
    single = sorted(jid for jid in jids if jid.resource and jid.bare in subscribers)
    await veils.change(server, account, lambda: hang_up(account, guard))
    for session in account.reach.available:
        for jid in single:
            if session.presence is not None:
                await finish(send_to(server, session.presence, jid, session))
