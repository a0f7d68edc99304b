"""Subscriptions: what each of the four presences does to both sides (RFC 6121 §3, Appendix A).

Theory of operation
    `OUTBOUND` and `INBOUND` are the tables of Appendix A: (verb, state) → (does the stanza travel
    on, new state). `send` and `receive` add what the text of §3 says around the tables: requests
    approved beforehand (§3.4), answers on the user's behalf (§3.1.3), requests from contacts that
    are not in the roster. They look at one item, or `None` where there is none, and answer with an
    `Outcome`; whoever asked stores, pushes and sends.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from server.roster.item import RosterItem, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.jid import JID


class Verb(enum.StrEnum):
    """The types of presence that manage subscriptions (RFC 6121 §3)."""

    SUBSCRIBE = "subscribe"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBE = "unsubscribe"
    UNSUBSCRIBED = "unsubscribed"


class Announce(enum.Enum):
    """Presence the contact is sent, after the stanza itself, from each available resource."""

    NOTHING = "nothing"
    CURRENT = "the current presence"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a subscription stanza brings about.

    `item` is what is known of the contact from now on (`None`: nothing, forget it). `passes`:
    route an outbound stanza on to the contact, deliver an inbound one to the user's available
    sessions. `push`: tell the interested sessions about `item`. `reply`: answer the contact so on
    the user's behalf, from bare address to bare address. `store`: `item` differs from before.
    """

    item: RosterItem | None
    passes: bool
    store: bool = False
    push: bool = False
    reply: Verb | None = None
    announce: Announce = Announce.NOTHING


_N, _NO, _NI, _NOI = (
    State.NONE,
    State.NONE_PENDING_OUT,
    State.NONE_PENDING_IN,
    State.NONE_PENDING_OUT_IN,
)
_T, _TI, _F, _FO, _B = (
    State.TO,
    State.TO_PENDING_IN,
    State.FROM,
    State.FROM_PENDING_OUT,
    State.BOTH,
)
_Table = dict[State, tuple[bool, State]]

#: What the user sends (RFC 6121 A.2.1 to A.2.4): state → (route it, new state).
OUTBOUND: Final[Mapping[Verb, _Table]] = {
    Verb.SUBSCRIBE: {
        _N: (True, _NO), _NO: (True, _NO), _NI: (True, _NOI), _NOI: (True, _NOI),
        _T: (True, _T), _TI: (True, _TI), _F: (True, _FO), _FO: (True, _FO), _B: (True, _B),
    },
    Verb.UNSUBSCRIBE: {
        _N: (True, _N), _NO: (True, _N), _NI: (True, _NI), _NOI: (True, _NI),
        _T: (True, _N), _TI: (True, _NI), _F: (True, _F), _FO: (True, _F), _B: (True, _F),
    },
    Verb.SUBSCRIBED: {
        _N: (False, _N), _NO: (False, _NO), _NI: (True, _F), _NOI: (True, _FO),
        _T: (False, _T), _TI: (True, _B), _F: (False, _F), _FO: (False, _FO), _B: (False, _B),
    },
    Verb.UNSUBSCRIBED: {
        _N: (False, _N), _NO: (False, _NO), _NI: (True, _N), _NOI: (True, _NO),
        _T: (False, _T), _TI: (True, _T), _F: (True, _N), _FO: (True, _NO), _B: (True, _T),
    },
}  # fmt: skip

#: What the contact sends (RFC 6121 A.3.1 to A.3.4): state → (deliver it, new state).
INBOUND: Final[Mapping[Verb, _Table]] = {
    Verb.SUBSCRIBE: {
        _N: (True, _NI), _NO: (True, _NOI), _NI: (False, _NI), _NOI: (False, _NOI),
        _T: (True, _TI), _TI: (False, _TI), _F: (False, _F), _FO: (False, _FO), _B: (False, _B),
    },
    Verb.UNSUBSCRIBE: {
        _N: (False, _N), _NO: (False, _NO), _NI: (True, _N), _NOI: (True, _NO),
        _T: (False, _T), _TI: (True, _T), _F: (True, _N), _FO: (True, _NO), _B: (True, _T),
    },
    Verb.SUBSCRIBED: {
        _N: (False, _N), _NO: (True, _T), _NI: (False, _NI), _NOI: (True, _TI),
        _T: (False, _T), _TI: (False, _TI), _F: (False, _F), _FO: (True, _B), _B: (False, _B),
    },
    Verb.UNSUBSCRIBED: {
        _N: (False, _N), _NO: (True, _N), _NI: (False, _NI), _NOI: (True, _NI),
        _T: (True, _N), _TI: (True, _NI), _F: (False, _F), _FO: (True, _F), _B: (True, _F),
    },
}  # fmt: skip


def send(verb: Verb, contact: JID, item: RosterItem | None) -> Outcome:
    """Decide about a subscription stanza from the user (RFC 6121 A.2)."""
    before = item or RosterItem(contact, listed=False)
    routes, state = OUTBOUND[verb][before.state]
    after = replace(before, state=state)
    if verb is Verb.SUBSCRIBE:
        # §3.1.2: the contact enters the roster before anybody has answered.
        after = replace(after, listed=True)
    elif verb is Verb.SUBSCRIBED:
        # §3.1.5: so it does when it is let in; §3.4.2: and when it is let in beforehand, which
        # MUST NOT be routed.
        beforehand = not routes and not state.from_
        after = replace(after, listed=True, approved=True if beforehand else before.approved)
    elif verb is Verb.UNSUBSCRIBED:
        # §3.2.2, §3.4: refusing or cancelling also takes back what was granted beforehand.
        after = replace(after, approved=False)
    return _outcome(item, before, after, routes)


def receive(verb: Verb, contact: JID, item: RosterItem | None) -> Outcome:
    """Decide about a subscription stanza from the contact (RFC 6121 A.3)."""
    before = item or RosterItem(contact, listed=False)
    if verb is Verb.SUBSCRIBE:
        if before.state.from_:
            # §3.1.3: "the contact's server MUST auto-reply on behalf of the contact". The other
            # side has lost its state, so it gets what else comes with an approval too.
            return Outcome(item, False, reply=Verb.SUBSCRIBED, announce=Announce.CURRENT)
        if before.approved:
            return _approve_now(before)
    delivers, state = INBOUND[verb][before.state]
    return _outcome(item, before, replace(before, state=state), delivers)


def welcome(contact: JID, item: RosterItem | None) -> Outcome:
    """Decide about a request that is approved in the user's stead, like one approved beforehand."""
    return _approve_now(item or RosterItem(contact, listed=False))


def _approve_now(before: RosterItem) -> Outcome:
    """A request that was approved beforehand: answered, and nobody is asked (RFC 6121 §3.4)."""
    _, asked = INBOUND[Verb.SUBSCRIBE][before.state]
    _, state = OUTBOUND[Verb.SUBSCRIBED][asked]
    after = replace(before, state=state, listed=True)
    return Outcome(
        after, False, store=True, push=True, reply=Verb.SUBSCRIBED, announce=Announce.CURRENT
    )


def _outcome(
    item: RosterItem | None, before: RosterItem, after: RosterItem, passes: bool
) -> Outcome:
    """Find out what follows from the difference between before and after."""
    kept = after if after.listed or after.state is not State.NONE else None
    return Outcome(
        kept,
        passes,
        store=kept != item,
        push=not after.looks_like(before),
        announce=announcement(before.state, after.state),
    )


def announcement(before: State, after: State) -> Announce:
    """What the contact is told when its subscription begins or ends.

    §3.1.5: after an approval the server MUST also send the current presence; §3.2.2
    and §3.3.3: after a cancellation from either side, unavailable presence.
    """
    if before.from_ == after.from_:
        return Announce.NOTHING
    return Announce.CURRENT if after.from_ else Announce.UNAVAILABLE
