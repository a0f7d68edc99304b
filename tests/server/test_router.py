"""RFC 6121 §8.5, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.jid import JID
from server.router import Reach, Verdict, route_iq, route_message, route_presence

BARE = JID.of("romeo@example.net")
HERE = JID.of("romeo@example.net/here")
GONE = JID.of("romeo@example.net/gone")

# (resource, session, priority)
NONE_AT_ALL = Reach[str]()
ONLY_CONNECTED = Reach([("here", "h", None)])
ONLY_NEGATIVE = Reach([("here", "h", -1)])
ONE = Reach([("here", "h", 0)])
MANY = Reach([("here", "h", 0), ("high", "i", 5), ("low", "l", -3), ("quiet", "q", None)])

TYPES = ("normal", "chat", "groupchat", "headline", "error")
D, A, O, E, S, I = (  # noqa: E741
    ("h",), ("h", "i"), Verdict.STORE, Verdict.REFUSE, Verdict.REFUSE, Verdict.IGNORE,
)  # fmt: skip

# The table of §8.5.4, with its letters: D deliver to the one, A to all that are not negative
# (where the RFC leaves a choice, M, we choose all), O store offline, E error, S silence or error
# (we choose the error), I silence. The last column is the type error, from the text.
TABLE = [
    # condition        address  normal chat groupchat headline error
    (None,             BARE,    (S,    S,   E,        I,       I)),
    (None,             GONE,    (S,    S,   S,        S,       I)),
    (NONE_AT_ALL,      BARE,    (O,    O,   E,        I,       I)),
    (NONE_AT_ALL,      GONE,    (S,    O,   S,        S,       I)),
    (ONLY_CONNECTED,   BARE,    (O,    O,   E,        I,       I)),
    (ONLY_CONNECTED,   HERE,    (D,    D,   D,        D,       D)),
    (ONLY_NEGATIVE,    BARE,    (O,    O,   E,        I,       I)),
    (ONLY_NEGATIVE,    HERE,    (D,    D,   D,        D,       D)),
    (ONLY_NEGATIVE,    GONE,    (S,    O,   S,        S,       I)),
    (ONE,              BARE,    (D,    D,   E,        D,       I)),
    (ONE,              HERE,    (D,    D,   D,        D,       D)),
    (ONE,              GONE,    (S,    D,   S,        S,       I)),
    (MANY,             BARE,    (A,    A,   E,        A,       I)),
    (MANY,             HERE,    (D,    D,   D,        D,       D)),
    (MANY,             GONE,    (S,    A,   S,        S,       I)),
]  # fmt: skip


@pytest.mark.parametrize(("reach", "to", "expected"), TABLE)
def test_messages_go_where_the_table_says(
    reach: Reach[str] | None, to: JID, expected: tuple[object, ...]
) -> None:
    assert tuple(route_message(type_, to, reach) for type_ in TYPES) == expected


@pytest.mark.parametrize("type_", [None, "", "nonsense", "NORMAL"])
@pytest.mark.parametrize(("reach", "to", "expected"), TABLE)
def test_a_message_of_no_or_unknown_type_is_normal(
    reach: Reach[str] | None, to: JID, expected: tuple[object, ...], type_: str | None
) -> None:
    assert route_message(type_, to, reach) == expected[0]


def test_the_tuples_are_made_once() -> None:
    assert route_message("chat", BARE, MANY) is route_message("chat", BARE, MANY)
    assert route_message("chat", HERE, MANY) is route_message("headline", HERE, MANY)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(-128, 127))),
    st.sampled_from(TYPES),
)
def test_a_negative_priority_never_gets_what_was_sent_to_the_account(
    sessions: list[tuple[str, int | None]], type_: str
) -> None:
    ranks = dict(sessions)
    reach = Reach([(name, name, rank) for name, rank in ranks.items()])
    answer = route_message(type_, BARE, reach)
    if isinstance(answer, tuple):
        wanted = {name for name, rank in ranks.items() if rank is not None and rank >= 0}
        assert answer
        assert set(answer) == wanted


@pytest.mark.parametrize(
    ("reach", "to", "request_", "response"),
    [
        (None, BARE, Verdict.REFUSE, Verdict.IGNORE),
        (None, HERE, Verdict.REFUSE, Verdict.IGNORE),
        (NONE_AT_ALL, BARE, Verdict.HANDLE, Verdict.HANDLE),
        (MANY, BARE, Verdict.HANDLE, Verdict.HANDLE),
        (MANY, HERE, ("h",), ("h",)),
        (ONLY_CONNECTED, HERE, ("h",), ("h",)),
        (MANY, GONE, Verdict.REFUSE, Verdict.IGNORE),
        (NONE_AT_ALL, GONE, Verdict.REFUSE, Verdict.IGNORE),
    ],
)
def test_iqs(reach: Reach[str] | None, to: JID, request_: object, response: object) -> None:
    assert route_iq("get", to, reach) == request_
    assert route_iq("set", to, reach) == request_
    assert route_iq("result", to, reach) == response
    assert route_iq("error", to, reach) == response


@pytest.mark.parametrize("type_", [None, "unavailable", "error"])
@pytest.mark.parametrize(
    ("reach", "to", "expected"),
    [
        (None, BARE, Verdict.IGNORE),
        (None, HERE, Verdict.IGNORE),
        (NONE_AT_ALL, BARE, Verdict.IGNORE),
        (ONLY_CONNECTED, BARE, Verdict.IGNORE),
        (ONLY_CONNECTED, HERE, ("h",)),
        (ONLY_NEGATIVE, BARE, ("h",)),
        (MANY, BARE, ("h", "i", "l")),
        (MANY, HERE, ("h",)),
        (MANY, GONE, Verdict.IGNORE),
    ],
)
def test_notifications(
    type_: str | None, reach: Reach[str] | None, to: JID, expected: object
) -> None:
    assert route_presence(type_, to, reach) == expected


@pytest.mark.parametrize("type_", ["subscribe", "subscribed", "unsubscribe", "unsubscribed"])
@pytest.mark.parametrize("to", [BARE, HERE, GONE])
def test_subscriptions_are_the_accounts_business(type_: str, to: JID) -> None:
    assert route_presence(type_, to, MANY) is Verdict.HANDLE
    assert route_presence(type_, to, NONE_AT_ALL) is Verdict.HANDLE
    assert route_presence(type_, to, None) is Verdict.IGNORE


@pytest.mark.parametrize("reach", [None, NONE_AT_ALL, MANY])
def test_probes_are_always_handled(reach: Reach[str] | None) -> None:
    assert route_presence("probe", BARE, reach) is Verdict.HANDLE
    assert route_presence("probe", HERE, reach) is Verdict.HANDLE


def test_a_presence_of_unknown_type_is_malformed() -> None:
    assert route_presence("available", BARE, MANY) is Verdict.MALFORMED
