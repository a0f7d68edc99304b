"""The roster in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.jid import JID
from server.roster.item import RosterItem, State
from server.roster.roster import Roster, read_item
from server.roster.rules import Verb, receive, send
from server.storage.roster import Item, Request, StoredRoster

ROMEO = JID.of("romeo@example.net")
NURSE = JID.of("nurse@example.net")
ASKS = b"<presence type='subscribe'><nick>N</nick></presence>"


def test_what_was_stored_is_there() -> None:
    stored = StoredRoster(
        [Item(ROMEO, "Romeo", "from", ask=True, approved=True, groups=("A",), version=7)],
        [Request(NURSE, ASKS, 5)],
        version=7,
        floor=3,
    )
    roster = Roster.restore(stored)
    romeo = RosterItem(ROMEO, "Romeo", ("A",), State.FROM_PENDING_OUT, approved=True)
    assert roster.get(ROMEO) == romeo
    assert roster.get(NURSE) == RosterItem(NURSE, state=State.NONE_PENDING_IN, listed=False)
    assert list(roster.contacts()) == [romeo]
    assert (len(roster), roster.waiting, roster.version, roster.floor) == (1, 1, 7, 3)
    assert roster.requests == {NURSE: ASKS}


def test_questions() -> None:
    roster = Roster()
    roster.note(ROMEO, RosterItem(ROMEO, state=State.FROM))
    roster.note(NURSE, RosterItem(NURSE, state=State.NONE_PENDING_IN, listed=False), ASKS)
    assert [roster.knows(jid) for jid in (ROMEO, NURSE, JID.of("x.net"))] == [True, False, False]
    assert roster.has_subscriber(ROMEO)
    assert not roster.has_subscriber(NURSE)
    assert roster.state(NURSE) is State.NONE_PENDING_IN
    assert roster.state(JID.of("x.net")) is State.NONE


def test_a_repeated_request_does_not_replace_the_first() -> None:
    roster = Roster()
    waits = RosterItem(NURSE, state=State.NONE_PENDING_IN, listed=False)
    roster.note(NURSE, waits, ASKS)
    roster.note(NURSE, waits, b"<presence type='subscribe'/>")
    assert roster.requests == {NURSE: ASKS}


@pytest.mark.parametrize(
    "after", [None, RosterItem(NURSE, state=State.FROM), RosterItem(NURSE, state=State.NONE)]
)
def test_an_answered_request_is_gone(after: RosterItem | None) -> None:
    roster = Roster()
    roster.note(NURSE, RosterItem(NURSE, state=State.NONE_PENDING_IN, listed=False), ASKS)
    roster.note(NURSE, after)
    assert roster.requests == {}
    assert roster.waiting == 0


@pytest.mark.parametrize(
    ("row", "waits", "state"),
    [
        (Item(ROMEO, subscription="both"), True, State.BOTH),
        (Item(ROMEO, subscription="both", ask=True), False, State.BOTH),
        (Item(ROMEO, subscription="to", ask=True), True, State.TO),
        (Item(ROMEO, subscription="to"), True, State.TO_PENDING_IN),
        (Item(ROMEO, ask=True), True, State.NONE_PENDING_OUT_IN),
    ],
)
def test_rows_that_cannot_be_are_read_all_the_same(row: Item, waits: bool, state: State) -> None:
    assert read_item(row, waits).state is state
    stored = StoredRoster([row], [Request(ROMEO, ASKS, 1)] if waits else [], 1, 0)
    assert (ROMEO in Roster.restore(stored).requests) is state.pending_in


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(list(Verb))), max_size=20))
def test_what_is_stored_is_restored(steps: list[tuple[bool, Verb]]) -> None:
    """Whatever the rules lead to, a roster written down and read again is the same."""
    roster = Roster()
    for outbound, verb in steps:
        decide = send if outbound else receive
        outcome = decide(verb, ROMEO, roster.get(ROMEO))
        roster.note(ROMEO, outcome.item, ASKS)
    rows = [
        Item(item.jid, item.name, item.subscription, item.ask, item.approved, item.groups)
        for item in roster.contacts()
    ]
    requests = [Request(jid, stanza, 0) for jid, stanza in roster.requests.items()]
    restored = Roster.restore(StoredRoster(rows, requests, 0, 0))
    assert list(restored.items) == list(roster.items)
    assert restored.requests == roster.requests


# -- what is put together from the items --


def test_audience_and_sources_follow_changes() -> None:
    roster = Roster()
    assert (roster.audience, roster.sources) == ((), frozenset())
    roster.note(ROMEO, RosterItem(ROMEO, state=State.BOTH))
    assert (roster.audience, roster.sources) == ((ROMEO,), frozenset({ROMEO}))
    roster.note(ROMEO, RosterItem(ROMEO, state=State.TO))
    assert (roster.audience, roster.sources) == ((), frozenset({ROMEO}))
    roster.note(ROMEO, None)
    assert roster.sources == frozenset()


def test_query_follows_changes_and_versions() -> None:
    roster = Roster()
    assert roster.query == b"<query xmlns='jabber:iq:roster' ver='0000000000000000'></query>"
    assert roster.query is roster.query
    roster.note(ROMEO, RosterItem(ROMEO), version=16)
    assert b"ver='0000000000000010'><item " in roster.query


def test_a_large_query_is_not_kept() -> None:
    roster = Roster()
    roster.note(ROMEO, RosterItem(ROMEO, name="R" * 1000, groups=tuple("g" * n for n in range(90))))
    assert roster.query is not roster.query


def test_a_veil_hides_both_ways() -> None:
    roster = Roster()
    roster.note(ROMEO, RosterItem(ROMEO, state=State.BOTH))
    roster.veil(lambda jid: jid == ROMEO)
    assert (roster.audience, roster.sources) == ((), frozenset())
    assert not roster.has_subscriber(ROMEO)
    roster.veil(None)
    assert roster.audience == (ROMEO,)
    assert roster.has_subscriber(ROMEO)


def test_every_veil_has_a_name() -> None:
    roster = Roster()
    roster.veil(lambda jid: jid == ROMEO, "blocking")
    roster.veil(lambda jid: True, "privacy")
    roster.veil(None, "privacy")
    assert roster.hides(ROMEO)
    assert not roster.hides(NURSE)
