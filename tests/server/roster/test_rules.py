"""RFC 6121 Appendix A in full, what the text adds to it, and two servers talking."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.jid import JID
from server.roster.item import RosterItem, State
from server.roster.rules import (
    INBOUND,
    OUTBOUND,
    Announce,
    Outcome,
    Verb,
    announcement,
    receive,
    send,
)

CONTACT = JID.of("romeo@example.net")
GROUPED = {"name": "Romeo", "groups": ("Friends",)}

STATES = {
    "None": State.NONE,
    "None + Pending Out": State.NONE_PENDING_OUT,
    "None + Pending In": State.NONE_PENDING_IN,
    "None + Pending Out+In": State.NONE_PENDING_OUT_IN,
    "To": State.TO,
    "To + Pending In": State.TO_PENDING_IN,
    "From": State.FROM,
    "From + Pending Out": State.FROM_PENDING_OUT,
    "Both": State.BOTH,
}

# The eight tables as the appendix prints them: existing state | route or deliver | new state,
# "-" for no state change.
APPENDIX = {
    # A.2.1
    ("out", "subscribe"): """
        None                  | MUST     | None + Pending Out
        None + Pending Out    | MUST     | -
        None + Pending In     | MUST     | None + Pending Out+In
        None + Pending Out+In | MUST     | -
        To                    | MUST     | -
        To + Pending In       | MUST     | -
        From                  | MUST     | From + Pending Out
        From + Pending Out    | MUST     | -
        Both                  | MUST     | -
    """,
    # A.2.2
    ("out", "unsubscribe"): """
        None                  | MUST     | -
        None + Pending Out    | MUST     | None
        None + Pending In     | MUST     | -
        None + Pending Out+In | MUST     | None + Pending In
        To                    | MUST     | None
        To + Pending In       | MUST     | None + Pending In
        From                  | MUST     | -
        From + Pending Out    | MUST     | From
        Both                  | MUST     | From
    """,
    # A.2.3
    ("out", "subscribed"): """
        None                  | MUST NOT | -
        None + Pending Out    | MUST NOT | -
        None + Pending In     | MUST     | From
        None + Pending Out+In | MUST     | From + Pending Out
        To                    | MUST NOT | -
        To + Pending In       | MUST     | Both
        From                  | MUST NOT | -
        From + Pending Out    | MUST NOT | -
        Both                  | MUST NOT | -
    """,
    # A.2.4
    ("out", "unsubscribed"): """
        None                  | MUST NOT | -
        None + Pending Out    | MUST NOT | -
        None + Pending In     | MUST     | None
        None + Pending Out+In | MUST     | None + Pending Out
        To                    | MUST NOT | -
        To + Pending In       | MUST     | To
        From                  | MUST     | None
        From + Pending Out    | MUST     | None + Pending Out
        Both                  | MUST     | To
    """,
    # A.3.1
    ("in", "subscribe"): """
        None                  | MUST     | None + Pending In
        None + Pending Out    | MUST     | None + Pending Out+In
        None + Pending In     | MUST NOT | -
        None + Pending Out+In | MUST NOT | -
        To                    | MUST     | To + Pending In
        To + Pending In       | MUST NOT | -
        From                  | MUST NOT | -
        From + Pending Out    | MUST NOT | -
        Both                  | MUST NOT | -
    """,
    # A.3.2
    ("in", "unsubscribe"): """
        None                  | MUST NOT | -
        None + Pending Out    | MUST NOT | -
        None + Pending In     | MUST     | None
        None + Pending Out+In | MUST     | None + Pending Out
        To                    | MUST NOT | -
        To + Pending In       | MUST     | To
        From                  | MUST     | None
        From + Pending Out    | MUST     | None + Pending Out
        Both                  | MUST     | To
    """,
    # A.3.3
    ("in", "subscribed"): """
        None                  | MUST NOT | -
        None + Pending Out    | MUST     | To
        None + Pending In     | MUST NOT | -
        None + Pending Out+In | MUST     | To + Pending In
        To                    | MUST NOT | -
        To + Pending In       | MUST NOT | -
        From                  | MUST NOT | -
        From + Pending Out    | MUST     | Both
        Both                  | MUST NOT | -
    """,
    # A.3.4
    ("in", "unsubscribed"): """
        None                  | MUST NOT | -
        None + Pending Out    | MUST     | None
        None + Pending In     | MUST NOT | -
        None + Pending Out+In | MUST     | None + Pending In
        To                    | MUST     | None
        To + Pending In       | MUST     | None + Pending In
        From                  | MUST NOT | -
        From + Pending Out    | MUST     | From
        Both                  | MUST     | From
    """,
}


def rows() -> list[tuple[str, Verb, State, bool, State]]:
    out = []
    for (direction, verb), text in APPENDIX.items():
        for line in text.strip().splitlines():
            old, must, new = (cell.strip() for cell in line.split("|"))
            after = STATES[old] if new == "-" else STATES[new]
            out.append((direction, Verb(verb), STATES[old], must == "MUST", after))
    return out


def act(direction: str, verb: Verb, item: RosterItem | None) -> Outcome:
    return send(verb, CONTACT, item) if direction == "out" else receive(verb, CONTACT, item)


def test_the_appendix_is_whole() -> None:
    assert len(rows()) == 8 * 9
    assert sum(len(table) for side in (OUTBOUND, INBOUND) for table in side.values()) == 8 * 9


@pytest.mark.parametrize(("direction", "verb", "before", "passes", "after"), rows())
def test_contacts_in_the_roster_follow_the_appendix(
    direction: str, verb: Verb, before: State, passes: bool, after: State
) -> None:
    item = RosterItem(CONTACT, state=before, **GROUPED)  # type: ignore[arg-type]
    outcome = act(direction, verb, item)
    assert outcome.passes is passes
    assert outcome.item is not None
    assert outcome.item.state is after
    assert (outcome.item.name, outcome.item.groups) == ("Romeo", ("Friends",))
    assert outcome.store is (outcome.item != item)
    seen = (before.subscription, before.pending_out, False)
    sees = (after.subscription, after.pending_out, outcome.item.approved)
    assert outcome.push is (seen != sees)


UNLISTED = [row for row in rows() if row[2] in {State.NONE, State.NONE_PENDING_IN}]


@pytest.mark.parametrize(("direction", "verb", "before", "passes", "after"), UNLISTED)
def test_strangers_follow_the_appendix_too(
    direction: str, verb: Verb, before: State, passes: bool, after: State
) -> None:
    note = RosterItem(CONTACT, state=before, listed=False)
    outcome = act(direction, verb, note if before.pending_in else None)
    assert outcome.passes is passes
    assert (outcome.item.state if outcome.item else State.NONE) is after


def test_states_say_what_they_are() -> None:
    assert [(s.to, s.from_) for s in (State.TO, State.FROM, State.BOTH, State.NONE)] == [
        (True, False), (False, True), (True, True), (False, False),
    ]  # fmt: skip
    item = RosterItem(CONTACT, state=State.FROM_PENDING_OUT)
    assert (item.subscription, item.ask) == ("from", True)


# -- the text around the tables --


def test_asking_puts_the_contact_in_the_roster() -> None:
    outcome = send(Verb.SUBSCRIBE, CONTACT, None)
    assert outcome.item == RosterItem(CONTACT, state=State.NONE_PENDING_OUT)
    assert outcome.push


def test_a_request_from_a_stranger_is_noted_but_not_shown() -> None:
    outcome = receive(Verb.SUBSCRIBE, CONTACT, None)
    assert outcome.item == RosterItem(CONTACT, state=State.NONE_PENDING_IN, listed=False)
    assert (outcome.passes, outcome.store, outcome.push) == (True, True, False)


def test_letting_a_stranger_in_puts_him_in_the_roster() -> None:
    asked = receive(Verb.SUBSCRIBE, CONTACT, None).item
    outcome = send(Verb.SUBSCRIBED, CONTACT, asked)
    assert outcome.item == RosterItem(CONTACT, state=State.FROM)
    assert outcome.push
    assert outcome.announce is Announce.CURRENT


@pytest.mark.parametrize("turn", ["refused", "withdrawn"])
def test_a_strangers_request_that_ends_leaves_nothing(turn: str) -> None:
    asked = receive(Verb.SUBSCRIBE, CONTACT, None).item
    outcome = (
        send(Verb.UNSUBSCRIBED, CONTACT, asked)
        if turn == "refused"
        else receive(Verb.UNSUBSCRIBE, CONTACT, asked)
    )
    assert outcome.item is None
    assert (outcome.passes, outcome.store, outcome.push) == (True, True, False)


@pytest.mark.parametrize("verb", [Verb.UNSUBSCRIBE, Verb.UNSUBSCRIBED])
def test_leaving_a_stranger_alone_makes_no_contact_of_him(verb: Verb) -> None:
    outcome = send(verb, CONTACT, None)
    assert outcome.item is None
    assert not outcome.store
    assert not outcome.push


@pytest.mark.parametrize("state", [State.FROM, State.FROM_PENDING_OUT, State.BOTH])
def test_a_subscriber_who_asks_again_is_answered_for_the_user(state: State) -> None:
    item = RosterItem(CONTACT, state=state)
    outcome = receive(Verb.SUBSCRIBE, CONTACT, item)
    assert outcome == Outcome(item, False, reply=Verb.SUBSCRIBED, announce=Announce.CURRENT)


@pytest.mark.parametrize("state", [State.NONE, State.NONE_PENDING_OUT, State.TO])
def test_approval_beforehand_is_noted_pushed_and_not_routed(state: State) -> None:
    outcome = send(Verb.SUBSCRIBED, CONTACT, RosterItem(CONTACT, state=state))
    assert outcome.item == RosterItem(CONTACT, state=state, approved=True)
    assert (outcome.passes, outcome.push) == (False, True)
    assert outcome.announce is Announce.NOTHING


def test_approval_beforehand_of_somebody_unknown_makes_a_contact() -> None:
    outcome = send(Verb.SUBSCRIBED, CONTACT, None)
    assert outcome.item == RosterItem(CONTACT, approved=True)
    assert (outcome.passes, outcome.push) == (False, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.NONE, State.FROM),
        (State.NONE_PENDING_OUT, State.FROM_PENDING_OUT),
        (State.TO, State.BOTH),
    ],
)
def test_a_request_approved_beforehand_is_granted_without_asking(
    before: State, after: State
) -> None:
    item = RosterItem(CONTACT, state=before, approved=True)
    outcome = receive(Verb.SUBSCRIBE, CONTACT, item)
    assert outcome.item == replace(item, state=after)
    assert (outcome.passes, outcome.push, outcome.reply) == (False, True, Verb.SUBSCRIBED)
    assert outcome.announce is Announce.CURRENT


@pytest.mark.parametrize(("state", "routed"), [(State.NONE, False), (State.FROM, True)])
def test_refusing_takes_back_what_was_approved_beforehand(state: State, routed: bool) -> None:
    item = RosterItem(CONTACT, state=state, approved=True)
    outcome = send(Verb.UNSUBSCRIBED, CONTACT, item)
    assert outcome.item == RosterItem(CONTACT)
    assert (outcome.passes, outcome.push) == (routed, True)


@pytest.mark.parametrize("state", [State.FROM, State.FROM_PENDING_OUT, State.BOTH])
def test_letting_in_a_subscriber_changes_nothing(state: State) -> None:
    item = RosterItem(CONTACT, state=state)
    assert send(Verb.SUBSCRIBED, CONTACT, item) == Outcome(item, False)


def test_the_contact_sees_presence_begin_and_end() -> None:
    assert announcement(State.TO_PENDING_IN, State.BOTH) is Announce.CURRENT
    assert announcement(State.BOTH, State.TO) is Announce.UNAVAILABLE
    assert announcement(State.TO, State.NONE) is Announce.NOTHING


# -- two servers --


class Side:
    """One user's server, which knows of the other one only what it is sent."""

    def __init__(self) -> None:
        self.item: RosterItem | None = None
        self.outbox: deque[Verb] = deque()

    @property
    def state(self) -> State:
        return self.item.state if self.item else State.NONE

    def says(self, verb: Verb) -> None:
        outcome = send(verb, CONTACT, self.item)
        check(outcome, self.item)
        self.item = outcome.item
        if outcome.passes:
            self.outbox.append(verb)

    def hears(self, verb: Verb) -> None:
        outcome = receive(verb, CONTACT, self.item)
        check(outcome, self.item)
        self.item = outcome.item
        if outcome.reply:
            self.outbox.append(outcome.reply)


def check(outcome: Outcome, before: RosterItem | None) -> None:
    """What holds for every outcome."""
    assert outcome.store is (outcome.item != before)
    if outcome.push:
        assert outcome.item is not None
        assert outcome.item.listed
        assert outcome.store
    if before is not None and before.listed:
        assert outcome.item is not None


def settle(one: Side, two: Side) -> None:
    for _ in range(100):
        if one.outbox:
            two.hears(one.outbox.popleft())
        elif two.outbox:
            one.hears(two.outbox.popleft())
        else:
            return
    pytest.fail("the servers never stop talking")


def assert_mirrored(one: Side, two: Side) -> None:
    for mine, theirs in ((one.state, two.state), (two.state, one.state)):
        assert mine.to is theirs.from_
        assert mine.pending_out is theirs.pending_in


VERBS = st.sampled_from(list(Verb))
FIRST = st.booleans()


@given(st.lists(st.tuples(FIRST, VERBS), max_size=20))
def test_two_servers_agree_when_each_step_is_heard(steps: list[tuple[bool, Verb]]) -> None:
    one, two = Side(), Side()
    for first, verb in steps:
        (one if first else two).says(verb)
        settle(one, two)
        assert_mirrored(one, two)


@given(st.lists(st.tuples(FIRST, st.none() | VERBS), max_size=30))
def test_servers_whose_stanzas_crossed_agree_after_both_begin_anew(
    steps: list[tuple[bool, Verb | None]],
) -> None:
    one, two = Side(), Side()
    for first, verb in steps:
        talks, listens = (one, two) if first else (two, one)
        if verb is not None:
            talks.says(verb)
        elif talks.outbox:
            listens.hears(talks.outbox.popleft())
    settle(one, two)
    one.says(Verb.UNSUBSCRIBE)
    two.says(Verb.UNSUBSCRIBE)
    settle(one, two)
    assert (one.state, two.state) == (State.NONE, State.NONE)
    one.says(Verb.SUBSCRIBE)
    settle(one, two)
    assert_mirrored(one, two)


@given(st.lists(st.tuples(FIRST, VERBS), max_size=20))
def test_stanzas_are_answered_at_most_once(steps: list[tuple[bool, Verb]]) -> None:
    """No exchange of automatic answers goes on by itself."""
    one, two = Side(), Side()
    for first, verb in steps:
        side = one if first else two
        side.hears(verb)
        assert len(side.outbox) <= 1
        side.outbox.clear()
