"""Requests of the server's own, and their answers (RFC 6120 §8.2.3).

Whoever wants to know something of a client asks here and gets a future: the answer, or a
`StanzaError` when it refuses, does not answer in time, or has gone. Add a callback or await it.

What is open is bounded, for each purpose on its own and shared among the peers (`shares.py`), as
peers may well be silent on purpose.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from server.element import NS_CLIENT, Element
from server.errors import Condition, StanzaError
from server.shares import Shares
from server.stanza import Stanza

if TYPE_CHECKING:
    from server.jid import JID
    from server.server import Server

#: So many requests of one purpose may be open at a time; further ones fail at once.
MOST: Final = 5_000
#: And so many to one address.
MOST_FOR_ONE: Final = 16
#: How long to wait for an answer, in seconds.
PATIENCE: Final = 60.0
#: How often to look for those that were not answered.
_TICK: Final = 5.0

_ERROR: Final = f"{{{NS_CLIENT}}}error"
_STANZAS: Final = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
_CONDITIONS: Final = frozenset(Condition)


class _Open(NamedTuple):
    to: JID
    purpose: str
    deadline: float
    answer: asyncio.Future[Stanza]


class Queries:
    """What this server has asked and not yet been told."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, _Open] = {}
        self._by_target: dict[JID, set[str]] = {}
        self._shares: dict[str, Shares] = {}
        self._is_watching = False

    def __len__(self) -> int:
        return len(self._open)

    def ask(
        self, from_: JID, to: JID, payload: bytes, *, purpose: str = "", type_: str = "get",
        timeout: float = PATIENCE,
    ) -> asyncio.Future[Stanza]:  # fmt: skip
        """Send a request; `payload` is serialised. The answer comes as the stanza it came in.

        `purpose` is one of a few words of the code's own: who asks much for one leaves room for the
        others.
        """
        answer: asyncio.Future[Stanza] = asyncio.get_running_loop().create_future()
        if not self._admit(to, purpose):
            answer.set_exception(StanzaError(Condition.RESOURCE_CONSTRAINT, "too many requests"))
            return answer
        number = self._server.entropy.token(12)
        self._open[number] = _Open(to, purpose, self._server.clock.now() + timeout, answer)
        self._by_target.setdefault(to, set()).add(number)
        if not self._is_watching:
            self._is_watching = True
            self._server.tasks.spawn(self._watch(), "queries")
        self._send(number, from_, to, type_, payload)
        return answer

    def _admit(self, to: JID, purpose: str) -> bool:
        shares = self._shares.get(purpose)
        if shares is None:
            shares = self._shares[purpose] = Shares(MOST)
        few = len(self._by_target.get(to, ())) < MOST_FOR_ONE
        return few and shares.take(self._party(to))

    def _party(self, to: JID) -> str:
        """Who is asked: an account here; elsewhere a whole domain, which can have any accounts."""
        return to.bare if to.domain in self._server.hosts else to.domain

    def _send(self, number: str, from_: JID, to: JID, type_: str, payload: bytes) -> None:
        wire = b"<iq type='%s' id='%s' from='%s' to='%s'>%s</iq>" % (
            type_.encode(), number.encode(), from_.wire, to.wire, payload,
        )  # fmt: skip
        host = self._server.hosts.get(to.domain)
        # What is asked in a user's name goes the way of what he asks himself.
        if host is None or from_.local:
            element = etree.fromstring(wire.replace(b"<iq ", b"<iq xmlns='jabber:client' ", 1))
            self._server.tell(self._server.route, Stanza("iq", element, to, from_))
            return
        account = host.accounts.online(to.bare)
        session = None if account is None else account.sessions.get(to.resource)
        if session is None:
            self.gone(to)
        else:
            session.send(wire)

    def answered(self, stanza: Stanza) -> None:
        """Take an answer; one that nobody waits for, or from somebody else, is dropped."""
        found = self._open.get(stanza.id or "")
        # Whoever guesses an identifier must not answer for another.
        if found is None or found.to != stanza.from_:
            return
        if stanza.type == "result":
            self._close(stanza.id or "")
            if not found.answer.done():
                found.answer.set_result(stanza)
        else:
            self._fail(stanza.id or "", refusal_in(stanza.element))

    def gone(self, who: JID) -> None:
        """That address will answer no more."""
        for number in tuple(self._by_target.get(who, ())):
            self._fail(number, StanzaError(Condition.RECIPIENT_UNAVAILABLE, "it has gone"))

    def _fail(self, number: str, refusal: StanzaError) -> None:
        answer = self._close(number).answer
        if not answer.done():
            answer.set_exception(refusal)

    def _close(self, number: str) -> _Open:
        found = self._open.pop(number)
        self._shares[found.purpose].give_back(self._party(found.to))
        numbers = self._by_target[found.to]
        numbers.discard(number)
        if not numbers:
            del self._by_target[found.to]
        return found

    async def _watch(self) -> None:
        """Give up on those who do not answer, as long as anything is open."""
        try:
            while self._open:
                await self._server.clock.sleep(_TICK)
                now = self._server.clock.now()
                late = [number for number, each in self._open.items() if each.deadline <= now]
                for number in late:
                    text = "there was no answer in time"
                    self._fail(number, StanzaError(Condition.REMOTE_SERVER_TIMEOUT, text))
        finally:
            self._is_watching = False


def refusal_in(element: Element) -> StanzaError:
    """The error in an answer, as far as it is one we know."""
    error = element.find(_ERROR)
    for child in () if error is None else error:
        name = child.tag.removeprefix(_STANZAS)
        if name in _CONDITIONS:
            return StanzaError(Condition(name))
    return StanzaError(Condition.UNDEFINED_CONDITION)
