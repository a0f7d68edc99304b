"""What the clients of this host can, learned from their presence (XEP-0115 §5.4, XEP-0390).

Of clients that claim the same, one is asked; the others get what it answers, once that is borne
out. A client whose answer is not borne out has said something about itself only, and the next one
who claims the same is asked. While a client is asked its session has the interests it had before.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from extensions.caps.rules import bears_out, claim_of, features_of, interests_of
from extensions.payloads import info
from server.element import escape
from server.errors import StanzaError
from server.moments import InterestsLearned

if TYPE_CHECKING:
    from asyncio import Future

    from extensions.caps.rules import Claim
    from server.host import Host
    from server.session import Session
    from server.stanza import Stanza

#: How many different clients are remembered, and how many characters of what they can.
MOST: Final = 2000
MOST_TEXT: Final = 8 << 20

_STATE: Final = "caps.claim"


@dataclass(frozen=True, slots=True)
class Known:
    """What a client can, and which nodes' news it wants."""

    features: frozenset[str]
    interests: frozenset[str]
    size: int


class Clients:
    """The knowledge of one host about clients."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: OrderedDict[Claim, Known] = OrderedDict()
        self._size = 0
        #: Who waits until somebody else who claims the same has answered.
        self._waiting: dict[Claim, OrderedDict[Session, None]] = {}

    def features(self, session: Session) -> frozenset[str]:
        """What the client of that session can, as far as that is known and verified."""
        claim = None if session.state is None else session.state.get(_STATE)
        known = self._known.get(cast("Claim", claim))
        return frozenset() if known is None else known.features

    def notice(self, session: Session, stanza: Stanza) -> None:
        """A presence with a claim, before anybody is told of it."""
        if stanza.type is not None or stanza.to is not None:
            return
        claim = claim_of(stanza)
        if claim is None:
            return
        session.state = session.state or {}
        if session.state.get(_STATE) == claim:
            return
        session.state[_STATE] = claim
        known = self._known.get(claim)
        if known is not None:
            self._known.move_to_end(claim)
            self._learn(session, known)
        elif claim in self._waiting:
            self._waiting[claim][session] = None
        else:
            self._waiting[claim] = OrderedDict()
            self._ask(claim, session)

    def _ask(self, claim: Claim, session: Session) -> None:
        """Ask the client itself: "the exact JID of the generating entity" (XEP-0115 §6.2)."""
        query = b"<query xmlns='http://jabber.org/protocol/disco#info' node='%s'/>"
        answer = self._host.server.queries.ask(
            self._host.jid, session.jid, query % escape(claim.node), purpose="caps"
        )
        answer.add_done_callback(partial(self._answered, claim, session))

    def _answered(self, claim: Claim, session: Session, answer: Future[Stanza]) -> None:
        said = _read(answer)
        known = None if said is None else _know(said)
        if known is not None and self._still_claims(session, claim):
            # What is not borne out is a word about itself all the same.
            self._learn(session, known)
        waiting = self._waiting.pop(claim)
        if known is not None and said is not None and bears_out(claim, said):
            self._remember(claim, known)
            for other in waiting:
                if self._still_claims(other, claim):
                    self._learn(other, known)
            return
        if said is None and self._still_claims(session, claim) and session.state is not None:
            del session.state[_STATE]  # its next presence is another chance
        while waiting:
            other, _ = waiting.popitem(last=False)
            if self._still_claims(other, claim):
                self._waiting[claim] = waiting
                self._ask(claim, other)
                return

    @staticmethod
    def _still_claims(session: Session, claim: Claim) -> bool:
        if session.account.sessions.get(session.jid.resource) is not session:
            return False
        return session.state is not None and session.state.get(_STATE) == claim

    def _remember(self, claim: Claim, known: Known) -> None:
        if known.size > MOST_TEXT // 16:
            return
        self._known[claim] = known
        self._size += known.size
        while len(self._known) > MOST or self._size > MOST_TEXT:
            _, oldest = self._known.popitem(last=False)
            self._size -= oldest.size

    def _learn(self, session: Session, known: Known) -> None:
        before, session.interests = session.interests, known.interests
        added = known.interests - before
        if added and session.is_available:
            self._host.moment(InterestsLearned(session, added))


def _read(answer: Future[Stanza]) -> info.Info | None:
    """The description in an answer, or None if there is none."""
    if answer.cancelled() or answer.exception() is not None:
        return None
    query = answer.result().payloads.get(info.QUERY)
    try:
        return None if query is None else info.parse(query)
    except StanzaError:
        return None


def _know(said: info.Info) -> Known:
    features = features_of(said)
    return Known(features, interests_of(features), sum(map(len, features)))
