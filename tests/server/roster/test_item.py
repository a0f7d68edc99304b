"""The nine states and what a client sees of an item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.jid import JID
from server.roster.item import RosterItem, State

CONTACT = JID.of("romeo@example.net")

# RFC 6121 A.1: state, subscription, ask shown, request waiting
DEFINED = [
    (State.NONE, "none", False, False),
    (State.NONE_PENDING_OUT, "none", True, False),
    (State.NONE_PENDING_IN, "none", False, True),
    (State.NONE_PENDING_OUT_IN, "none", True, True),
    (State.TO, "to", False, False),
    (State.TO_PENDING_IN, "to", False, True),
    (State.FROM, "from", False, False),
    (State.FROM_PENDING_OUT, "from", True, False),
    (State.BOTH, "both", False, False),
]


def test_there_are_nine_states() -> None:
    assert [row[0] for row in DEFINED] == list(State)


@pytest.mark.parametrize(("state", "subscription", "ask", "waiting"), DEFINED)
def test_what_a_state_shows(state: State, subscription: str, ask: bool, waiting: bool) -> None:
    item = RosterItem(CONTACT, state=state)
    assert (item.subscription, item.ask, item.state.pending_in) == (subscription, ask, waiting)
    assert state.to is (subscription in {"to", "both"})
    assert state.from_ is (subscription in {"from", "both"})


def test_a_waiting_request_cannot_be_seen_in_the_item() -> None:
    item = RosterItem(CONTACT, state=State.TO)
    assert item.looks_like(replace(item, state=State.TO_PENDING_IN))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Romeo"},
        {"groups": ("Friends",)},
        {"state": State.FROM},
        {"state": State.NONE_PENDING_OUT},
        {"approved": True},
        {"listed": False},
    ],
)
def test_everything_else_can(change: dict[str, object]) -> None:
    item = RosterItem(CONTACT)
    assert not item.looks_like(replace(item, **change))  # type: ignore[arg-type]
