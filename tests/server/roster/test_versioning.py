"""Versions: what a client must be pushed so that it knows what the server knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.roster.versioning import Sync, compare, in_order, render


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (None, Sync.WHOLE),  # does not know of versions
        ("", Sync.WHOLE),  # has none yet (§2.6.2)
        (render(9), Sync.NOTHING),
        (render(8), Sync.CHANGES),
        (render(4), Sync.CHANGES),
        (render(3), Sync.WHOLE),  # removals have been forgotten since
        (render(10), Sync.WHOLE),  # from the future
        ("9", Sync.WHOLE),
        ("ver14", Sync.WHOLE),
        ("f" * 5000, Sync.WHOLE),
    ],
)
def test_what_a_client_needs(held: str | None, expected: Sync) -> None:
    assert compare(held, 9, 4) is expected


def test_changes_come_in_the_order_in_which_they_were_made() -> None:
    changes = in_order([(3, "a"), (9, "b")], [(7, "x")], 6)
    assert changes == [(3, "a"), (7, "x"), (9, "b")]


def test_many_changes_are_dearer_than_the_roster() -> None:
    assert in_order([(3, "a"), (9, "b")], [(7, "x")], 5) is None
    assert in_order([(2, "a")], [], 1) == [(2, "a")]
    assert in_order([], [], 0) == []


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=30),
    st.integers(0, 30),
    st.integers(0, 5),
)
def test_a_client_that_applies_the_changes_has_the_roster(
    history: list[tuple[str, bool]], held: int, tombstones: int
) -> None:
    present: dict[str, int] = {}
    removed: dict[str, int] = {}
    cached: dict[str, int] = {}
    floor = 0
    for number, (name, stays) in enumerate(history, 1):
        if stays:
            present[name] = number
            removed.pop(name, None)
        else:
            present.pop(name, None)
            removed[name] = number
        while len(removed) > tombstones:
            floor = max(floor, removed.pop(min(removed, key=lambda name: removed[name])))
        if number == held:
            cached = dict(present)
    sync = compare(render(held), len(history), floor)
    if sync is Sync.WHOLE:
        return
    changes = in_order(
        [(number, name) for name, number in present.items() if number > held],
        [(number, name) for name, number in removed.items() if number > held],
        total=100,
    )
    assert changes is not None
    assert bool(changes) is (sync is Sync.CHANGES)
    for number, name in changes:
        if present.get(name) == number:
            cached[name] = number
        else:
            cached.pop(name, None)
    assert cached == present
