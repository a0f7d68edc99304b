"""Who is told about whose presence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.jid import JID
from server.presence.rules import (
    Answer,
    Step,
    answer_probe,
    asked,
    direct,
    farewells,
    probed,
    step,
    subscribers,
    waiting,
)
from server.roster.item import RosterItem, State

CONTACTS = {state: JID.of(f"{state.name.lower()}@example.net") for state in State}
ROSTER = [RosterItem(jid, state=state) for state, jid in CONTACTS.items()]
ROMEO = JID.of("romeo@example.net")
ROOM = JID.of("room@muc.example.net/juliet")


def of(*states: State) -> list[JID]:
    return [CONTACTS[state] for state in states]


@pytest.mark.parametrize(
    ("available", "type_", "expected"),
    [
        (False, None, Step.INITIAL),
        (True, None, Step.UPDATE),
        (True, "unavailable", Step.FINAL),
        (False, "unavailable", Step.NOTHING),
    ],
)
def test_steps(available: bool, type_: str | None, expected: Step) -> None:
    assert step(available, type_) is expected


def test_those_who_subscribed_are_told() -> None:
    assert subscribers(ROSTER) == of(State.FROM, State.FROM_PENDING_OUT, State.BOTH)


def test_those_who_answered_with_an_error_are_spared() -> None:
    assert subscribers(ROSTER, {CONTACTS[State.BOTH]}) == of(State.FROM, State.FROM_PENDING_OUT)


def test_those_the_user_subscribed_to_are_probed() -> None:
    assert probed(ROSTER) == of(State.TO, State.TO_PENDING_IN, State.BOTH)


def test_unanswered_requests_are_repeated() -> None:
    pending = (State.NONE_PENDING_OUT, State.NONE_PENDING_OUT_IN, State.FROM_PENDING_OUT)
    assert asked(ROSTER) == of(*pending)


def test_requests_that_wait_are_shown() -> None:
    pending = (State.NONE_PENDING_IN, State.NONE_PENDING_OUT_IN, State.TO_PENDING_IN)
    assert waiting(ROSTER) == of(*pending)


# -- directed presence --


def test_who_got_presence_directly_learns_of_the_end() -> None:
    directed: set[JID] = set()
    assert direct(directed, ROOM, None, 10)
    assert farewells(directed, {ROMEO}) == [ROOM]


def test_who_was_told_already_does_not() -> None:
    directed: set[JID] = set()
    direct(directed, ROOM, None, 10)
    assert direct(directed, ROOM, "unavailable", 10)
    assert farewells(directed, ()) == []


def test_whom_the_broadcast_reaches_is_told_once() -> None:
    directed = {ROMEO, ROMEO.with_resource("orchard"), ROOM}
    assert farewells(directed, {ROMEO}) == [ROOM]
    assert len(farewells(directed, ())) == 3


def test_directed_presence_is_bounded() -> None:
    directed: set[JID] = set()
    assert direct(directed, ROMEO, None, 1)
    assert not direct(directed, ROOM, None, 1)
    assert direct(directed, ROMEO, None, 1)
    assert direct(directed, ROMEO, "unavailable", 1)
    assert direct(directed, ROOM, None, 1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_everybody_who_last_heard_available_hears_the_end(steps: list[tuple[str, bool]]) -> None:
    directed: set[JID] = set()
    last: dict[JID, bool] = {}
    for name, is_available in steps:
        to = JID.of(f"{name}@example.net")
        direct(directed, to, None if is_available else "unavailable", 10)
        last[to] = is_available
    assert set(farewells(directed, ())) == {jid for jid, there in last.items() if there}


# -- probes (§4.3.2) --

SUBSCRIBED = (State.FROM, State.FROM_PENDING_OUT, State.BOTH)
WAITING = (State.NONE_PENDING_IN, State.NONE_PENDING_OUT_IN, State.TO_PENDING_IN)


@pytest.mark.parametrize("state", SUBSCRIBED)
@pytest.mark.parametrize(
    ("resource", "available", "expected"),
    [
        ("", ["phone", "desk"], ["phone", "desk"]),
        ("", [], Answer.UNAVAILABLE),
        ("desk", ["phone", "desk"], ["desk"]),
        ("gone", ["phone", "desk"], Answer.UNAVAILABLE),
        ("gone", [], Answer.UNAVAILABLE),
    ],
)
def test_a_subscriber_learns_all(
    state: State, resource: str, available: list[str], expected: object
) -> None:
    assert answer_probe(state, resource, available, ["phone"]) == expected


@pytest.mark.parametrize("state", [s for s in State if s not in SUBSCRIBED + WAITING])
@pytest.mark.parametrize("resource", ["", "phone"])
def test_a_stranger_learns_that_he_has_no_subscription(state: State, resource: str) -> None:
    assert answer_probe(state, resource, ["phone"]) is Answer.UNSUBSCRIBED
    assert answer_probe(None, resource, []) is Answer.UNSUBSCRIBED


@pytest.mark.parametrize("state", WAITING)
def test_who_waits_goes_on_waiting(state: State) -> None:
    assert answer_probe(state, "", ["phone"]) is Answer.SILENCE


@pytest.mark.parametrize("state", [s for s in State if s not in SUBSCRIBED])
def test_who_got_presence_directly_learns_no_more_than_that(state: State) -> None:
    assert answer_probe(state, "", ["phone", "desk"], ["phone"]) == ["phone"]
    assert answer_probe(state, "phone", ["phone", "desk"], ["phone"]) == ["phone"]
    assert answer_probe(state, "desk", ["phone", "desk"], ["phone"]) in (
        Answer.UNSUBSCRIBED, Answer.SILENCE,
    )  # fmt: skip
