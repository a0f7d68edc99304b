"""A contact in somebody's roster, and the nine states of a subscription (RFC 6121 §2.1.2, A.1)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.jid import JID


class State(enum.Enum):
    """What binds a user and a contact, seen from the user (RFC 6121 A.1).

    `to`: the user is subscribed to the contact; `from_`: the contact is subscribed to the user;
    `pending_out`: the user has asked and waits; `pending_in`: the contact has asked and waits.
    """

    NONE = "none", False, False
    NONE_PENDING_OUT = "none", True, False
    NONE_PENDING_IN = "none", False, True
    NONE_PENDING_OUT_IN = "none", True, True
    TO = "to", False, False
    TO_PENDING_IN = "to", False, True
    FROM = "from", False, False
    FROM_PENDING_OUT = "from", True, False
    BOTH = "both", False, False

    subscription: str
    pending_out: bool
    pending_in: bool
    to: bool
    from_: bool

    def __init__(self, subscription: str, pending_out: bool, pending_in: bool) -> None:
        self.subscription = subscription
        self.pending_out = pending_out
        self.pending_in = pending_in
        self.to = subscription in {"to", "both"}
        self.from_ = subscription in {"from", "both"}


@dataclass(frozen=True, slots=True)
class RosterItem:
    """What an account knows of one contact.

    An item that is not `listed` only notes an inbound request: "the user's server MUST note the
    existence of the inbound presence subscription request but MUST NOT create a roster item"
    (RFC 6121 A.1). It is never shown to a client and has no part in the roster's version.
    """

    jid: JID
    name: str = ""
    groups: tuple[str, ...] = ()
    state: State = State.NONE
    approved: bool = False
    listed: bool = True

    @property
    def subscription(self) -> str:
        """The value of the attribute of this name (RFC 6121 §2.1.2.5)."""
        return self.state.subscription

    @property
    def ask(self) -> bool:
        """Whether `ask='subscribe'` is to be shown (RFC 6121 §2.1.2.2)."""
        return self.state.pending_out

    def looks_like(self, other: RosterItem) -> bool:
        """Whether a client would see no difference, so that nothing need be pushed."""
        return self.view() == other.view()

    def view(self) -> tuple[object, ...]:
        """All that a client gets to see."""
        return (
            self.listed, self.jid, self.name, self.groups, self.subscription, self.ask,
            self.approved,
        )  # fmt: skip
