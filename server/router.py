"""Who gets a stanza addressed to a local account, decided and not yet done (RFC 6121 §8).

Theory of operation
    An account's sessions are summed up in a `Reach`, rebuilt when a session is bound, changes its
    presence or ends, which is rare. A decision is then a look-up: the answer is either a tuple of
    sessions that was made beforehand, to each of which the stanza is to be delivered, or a
    `Verdict`. Nothing is created for a stanza.

    The three functions take the stanza's type as it stands in the attribute (`None` if absent), the
    address it was sent to, and the account's reach. Where the account does not exist, pass `None`.
    What is addressed to the domain itself never comes here: the host handles it.

    `S` is whatever stands for a session: a local one, or the place of one on another node.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.jid import JID

S = TypeVar("S")


class Verdict(enum.Enum):
    """What to do with a stanza that goes to no session."""

    HANDLE = "the server acts on the account's behalf"
    STORE = "keep it for the account until a session is there to take it"
    REFUSE = "answer with service-unavailable"
    MALFORMED = "answer with bad-request"
    IGNORE = "drop it silently"


class Reach(Generic[S]):
    """An account's sessions as the router needs them; immutable.

    `matches` has every connected session under its resource, each in a tuple of one; `available`
    those that sent presence; `audience` those of them whose priority is not negative.
    """

    __slots__ = ("audience", "available", "matches")

    def __init__(self, sessions: Iterable[tuple[str, S, int | None]] = ()) -> None:
        """Sum up (resource, session, priority); a priority of `None` means not available."""
        connected = tuple(sessions)
        self.matches: dict[str, tuple[S]] = {name: (session,) for name, session, _ in connected}
        self.available: tuple[S, ...] = tuple(s for _, s, rank in connected if rank is not None)
        self.audience: tuple[S, ...] = tuple(
            s for _, s, rank in connected if rank is not None and rank >= 0
        )


class _MessageRule(NamedTuple):
    """One column of the table in RFC 6121 §8.5.4."""

    spreads: bool  # a message to the bare address reaches the audience
    otherwise: Verdict  # to the bare address, with no audience
    unmatched: Verdict | None  # to a resource that is not there; None: as to the bare address
    stranger: Verdict  # to the bare address of an account that does not exist
    stranger_full: Verdict  # to a resource of such an account


# §5.2.2: with no type, or one that is not understood, "it MUST consider the message to be of type
# 'normal'".
_NORMAL: Final = _MessageRule(
    # §8.5.2.1.1: to the most available of the resources with a non-negative priority, or to all of
    # them. We take all, so that no device misses a message, whether it enabled carbons or not.
    spreads=True,
    # §8.5.2.2.1: with no such resource it SHOULD be stored or answered with an error.
    otherwise=Verdict.STORE,
    # §8.5.3.2.1: ignored, or answered with service-unavailable. A sender should know.
    unmatched=Verdict.REFUSE,
    # §8.5.1: ignored, or answered with service-unavailable.
    stranger=Verdict.REFUSE,
    stranger_full=Verdict.REFUSE,
)
_MESSAGE: Final[dict[str | None, _MessageRule]] = {
    "normal": _NORMAL,
    # §8.5.3.2.1: a chat message for a resource that has gone is treated as one to the account.
    "chat": _NORMAL._replace(unmatched=None),
    # §8.5.2.1.1: to all with a non-negative priority, in any case; §8.5.2.2.1: else ignored.
    "headline": _NORMAL._replace(otherwise=Verdict.IGNORE, stranger=Verdict.IGNORE),
    # §8.5.2.1.1: it MUST NOT be delivered but refused: an account is not a room.
    "groupchat": _NORMAL._replace(spreads=False, otherwise=Verdict.REFUSE),
    # §8.5.2.1.1, §8.5.3.2.1: errors are silently ignored unless the very resource is there.
    "error": _MessageRule(False, *(Verdict.IGNORE,) * 4),
}


def route_message(type_: str | None, to: JID, reach: Reach[S] | None) -> tuple[S, ...] | Verdict:
    """Whom a message goes to (RFC 6121 §8.5.1 to §8.5.4)."""
    rule = _MESSAGE.get(type_, _NORMAL)
    resource = to.resource
    if reach is None:
        return rule.stranger_full if resource else rule.stranger
    if resource:
        # §8.5.3.1: a message for a connected resource MUST be delivered to it, whatever its type.
        match = reach.matches.get(resource)
        if match is not None:
            return match
        if rule.unmatched is not None:
            return rule.unmatched
    if rule.spreads and reach.audience:
        return reach.audience
    return rule.otherwise


def route_iq(type_: str | None, to: JID, reach: Reach[S] | None) -> tuple[S, ...] | Verdict:
    """Whom an iq goes to (RFC 6121 §8.5.1, §8.5.2.1.3, §8.5.3).

    To the bare address the server itself MUST reply on behalf of the user: a request for the
    account never reaches a client.
    """
    asks = type_ in {"get", "set"}
    if reach is None:
        return Verdict.REFUSE if asks else Verdict.IGNORE
    resource = to.resource
    if not resource:
        return Verdict.HANDLE
    match = reach.matches.get(resource)
    if match is not None:
        return match
    # §8.5.3.2.3: the server MUST return service-unavailable; and an error is
    # never the answer to an answer (RFC 6120 §8.3.1).
    return Verdict.REFUSE if asks else Verdict.IGNORE


class _PresenceKind(enum.Enum):
    """How a type of presence travels."""

    NOTICE = "to sessions"
    ACCOUNT = "for the account, whichever resource was named"


_PRESENCE: Final[dict[str | None, _PresenceKind]] = {
    None: _PresenceKind.NOTICE,
    "unavailable": _PresenceKind.NOTICE,
    "error": _PresenceKind.NOTICE,
    # §3.1.3: a full address SHOULD be taken as the bare one in the matter of subscriptions.
    "subscribe": _PresenceKind.ACCOUNT,
    "subscribed": _PresenceKind.ACCOUNT,
    "unsubscribe": _PresenceKind.ACCOUNT,
    "unsubscribed": _PresenceKind.ACCOUNT,
    "probe": _PresenceKind.ACCOUNT,
}


def route_presence(type_: str | None, to: JID, reach: Reach[S] | None) -> tuple[S, ...] | Verdict:
    """Whom a presence goes to (RFC 6121 §8.5.1, §8.5.2.1.2, §8.5.3).

    A notification to the bare address goes to every available session, whatever its priority. For
    accounts that do not exist, probes are still handled: they may be answered (§4.3.2).
    """
    kind = _PRESENCE.get(type_)
    if kind is _PresenceKind.NOTICE:
        if reach is None:
            return Verdict.IGNORE
        resource = to.resource
        if not resource:
            return reach.available or Verdict.IGNORE
        return reach.matches.get(resource, Verdict.IGNORE)
    if kind is None:
        return Verdict.MALFORMED
    if reach is None and type_ != "probe":
        return Verdict.IGNORE
    return Verdict.HANDLE
