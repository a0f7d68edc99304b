"""Who is told about a user's presence, who is asked for his, and who gets an answer (RFC 6121 §4).

Theory of operation
    A session is available from its first presence without address and type until it sends
    unavailable presence or ends. `step` says which of these a presence is. For each step a function
    here names the addressees, from the roster's items and the session's directed presence; sending
    is up to whoever asked. A user's own available sessions are told of each other at every step
    (an entity is implicitly subscribed to its own presence, §4.2.2): the account's reach names
    them, not the roster.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from collections.abc import Set as AbstractSet

    from server.jid import JID
    from server.roster.item import RosterItem, State


class Step(enum.Enum):
    """What a presence without address is in the life of its session."""

    INITIAL = "the session becomes available (§4.2)"
    UPDATE = "it stays available, differently (§4.4)"
    FINAL = "it becomes unavailable (§4.5)"
    NOTHING = "it was not available in the first place"


def step(is_available: bool, type_: str | None) -> Step:
    """Which step a session takes by a presence of type `None` or `unavailable`."""
    if type_ is None:
        return Step.UPDATE if is_available else Step.INITIAL
    return Step.FINAL if is_available else Step.NOTHING


# -- who is told --


def subscribers(items: Iterable[RosterItem], failed: AbstractSet[JID] = frozenset()) -> list[JID]:
    """Contacts who are told of every step (RFC 6121 §4.2.2, §4.4.2, §4.5.2): From and Both.

    `failed` are contacts from whom an error came back in this session: they are spared.
    """
    return [item.jid for item in items if item.state.from_ and item.jid not in failed]


def probed(items: Iterable[RosterItem]) -> list[JID]:
    """Contacts whom the server asks for their presence at the initial one (§4.3.1): To and Both."""
    return [item.jid for item in items if item.state.to]


def asked(items: Iterable[RosterItem]) -> list[JID]:
    """Contacts who have not answered yet, and are asked again at the initial presence.

    §3.1.2: the server SHOULD repeat a request, for example whenever a new resource becomes
    available, which mends requests that were lost.
    """
    return [item.jid for item in items if item.state.pending_out]


def waiting(items: Iterable[RosterItem]) -> list[JID]:
    """Contacts whose requests a session must be shown at its initial presence.

    §3.1.3: the server MUST continue to deliver the subscription request whenever the contact
    creates an available resource, until the contact either approves or denies the request.
    """
    return [item.jid for item in items if item.state.pending_in]


def farewells(directed: Iterable[JID], told: Collection[JID]) -> list[JID]:
    """Those who learn of the end by a presence of their own (RFC 6121 §4.5.2, §4.6.3).

    `directed` got presence directly from the session, `told` are bare addresses which the
    broadcast reaches anyway: empty if the session was never available.
    """
    return [jid for jid in directed if jid.bare not in told]


# -- directed presence --


def direct(directed: set[JID], to: JID, type_: str | None, limit: int) -> bool:
    """Note a directed presence (RFC 6121 §4.6); False if the session has directed too many.

    Those who got available presence must be told of the end, unless they were told already.
    """
    if type_ is not None:
        directed.discard(to)
        return True
    if len(directed) >= limit and to not in directed:
        return False
    directed.add(to)
    return True


# -- probes --


class Answer(enum.Enum):
    """The answer to a probe when there is no presence to show."""

    UNAVAILABLE = "unavailable, from the bare address, or the last one known"
    UNSUBSCRIBED = "unsubscribed: there is no subscription"
    SILENCE = "nothing"


def answer_probe(
    state: State | None, resource: str, available: Collection[str], directed: Collection[str] = ()
) -> Answer | list[str]:
    """What a contact who probes the user learns (RFC 6121 §4.3.2).

    `state` is the user's state towards him (`None`: no account), `resource` the one he named,
    `available` the user's available resources, `directed` those among them that directed presence
    to him. The answer may be a list of resources: the last presence of each is sent. For the user
    himself pass `State.BOTH`.
    """
    if state is None or not state.from_:
        return _answer_stranger(state, resource, directed)
    if resource:
        return [resource] if resource in available else Answer.UNAVAILABLE
    # The server MUST answer with the whole of the last presence from each available resource.
    return list(available) or Answer.UNAVAILABLE


def _answer_stranger(
    state: State | None, resource: str, directed: Collection[str]
) -> Answer | list[str]:
    """No subscription: he learns only what he was told already (§4.6), else that he has none."""
    known = [name for name in directed if not resource or name == resource]
    if known:
        return known
    # DEVIATION: §4.3.2 has `unsubscribed` for every state but From and Both. To somebody who waits
    # for an answer that would be the answer no, while the user still sees his request.
    if state is not None and state.pending_in:
        return Answer.SILENCE
    return Answer.UNSUBSCRIBED
