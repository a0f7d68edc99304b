"""What a client may do to its roster, and what comes of it."""

from __future__ import annotations

import pytest

from server.errors import Condition, StanzaError
from server.jid import JID
from server.roster.changes import Limits, Removal, may_note_request, put, remove
from server.roster.errors import UnknownContact
from server.roster.item import RosterItem, State
from server.roster.payloads import Edit
from server.roster.rules import Announce, Verb

JULIET = JID.of("juliet@example.com")
ROMEO = JID.of("romeo@example.net")
LIMITS = Limits(items=3, requests=2, groups=2, name=8, group=4, all_groups=7)


def test_a_new_contact() -> None:
    item = put(Edit(ROMEO, "Romeo", ("A", "B")), JULIET, None, 2, LIMITS)
    assert item == RosterItem(ROMEO, "Romeo", ("A", "B"))


@pytest.mark.parametrize("state", list(State))
def test_an_edit_replaces_words_and_keeps_the_subscription(state: State) -> None:
    before = RosterItem(ROMEO, "Romeo", ("A",), state, approved=True)
    after = put(Edit(ROMEO), JULIET, before, 3, LIMITS)
    assert after == RosterItem(ROMEO, "", (), state, approved=True)


def test_somebody_who_waits_can_be_made_a_contact() -> None:
    waits = RosterItem(ROMEO, state=State.NONE_PENDING_IN, listed=False)
    item = put(Edit(ROMEO, "Romeo"), JULIET, waits, 2, LIMITS)
    assert item == RosterItem(ROMEO, "Romeo", state=State.NONE_PENDING_IN)


@pytest.mark.parametrize(
    ("edit", "listed", "condition"),
    [
        (Edit(JULIET), 0, Condition.NOT_ALLOWED),
        (Edit(ROMEO, "ninechars"), 0, Condition.NOT_ACCEPTABLE),
        (Edit(ROMEO, "äöüäö"), 0, Condition.NOT_ACCEPTABLE),
        (Edit(ROMEO, groups=("",)), 0, Condition.NOT_ACCEPTABLE),
        (Edit(ROMEO, groups=("fives",)), 0, Condition.NOT_ACCEPTABLE),
        (Edit(ROMEO, groups=("a", "b", "c")), 0, Condition.NOT_ACCEPTABLE),
        (Edit(ROMEO, groups=("four", "more")), 0, Condition.NOT_ACCEPTABLE),
        (Edit(ROMEO), 3, Condition.RESOURCE_CONSTRAINT),
    ],
)
def test_what_is_refused(edit: Edit, listed: int, condition: Condition) -> None:
    with pytest.raises(StanzaError) as caught:
        put(edit, JULIET, None, listed, LIMITS)
    assert caught.value.condition is condition
    assert caught.value.text


@pytest.mark.parametrize(
    ("state", "verbs", "announce"),
    [
        (State.NONE, (), Announce.NOTHING),
        (State.NONE_PENDING_OUT, (Verb.UNSUBSCRIBE,), Announce.NOTHING),
        (State.NONE_PENDING_IN, (Verb.UNSUBSCRIBED,), Announce.NOTHING),
        (State.NONE_PENDING_OUT_IN, (Verb.UNSUBSCRIBE, Verb.UNSUBSCRIBED), Announce.NOTHING),
        (State.TO, (Verb.UNSUBSCRIBE,), Announce.NOTHING),
        (State.TO_PENDING_IN, (Verb.UNSUBSCRIBE, Verb.UNSUBSCRIBED), Announce.NOTHING),
        (State.FROM, (Verb.UNSUBSCRIBED,), Announce.UNAVAILABLE),
        (State.FROM_PENDING_OUT, (Verb.UNSUBSCRIBE, Verb.UNSUBSCRIBED), Announce.UNAVAILABLE),
        (State.BOTH, (Verb.UNSUBSCRIBE, Verb.UNSUBSCRIBED), Announce.UNAVAILABLE),
    ],
)
def test_removal_ends_both_subscriptions(
    state: State, verbs: tuple[Verb, ...], announce: Announce
) -> None:
    """RFC 6121 §2.5.2."""
    assert remove(ROMEO, RosterItem(ROMEO, state=state)) == Removal(ROMEO, verbs, announce)


@pytest.mark.parametrize(
    "item", [None, RosterItem(ROMEO, state=State.NONE_PENDING_IN, listed=False)]
)
def test_what_is_not_in_the_roster_cannot_be_removed(item: RosterItem | None) -> None:
    with pytest.raises(UnknownContact) as caught:
        remove(ROMEO, item)
    assert caught.value.condition is Condition.ITEM_NOT_FOUND


def test_strangers_who_wait_are_bounded() -> None:
    assert [may_note_request(count, LIMITS) for count in range(4)] == [True, True, False, False]
