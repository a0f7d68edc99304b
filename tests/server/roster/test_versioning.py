"""Versions: what a client must be pushed so that it knows what the server knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.roster.versioning import changes_since, read, render

EPOCH = "k3J_x-9"


@given(st.integers(0, 2**63))
def test_versions_are_read_as_written(number: int) -> None:
    assert read(render(EPOCH, number), EPOCH) == number


@pytest.mark.parametrize(
    "version",
    ["", "7", "-7", "other-7", EPOCH, EPOCH + "-", EPOCH + "-x", EPOCH + "--7", EPOCH + "-²",
     EPOCH + "-" + "9" * 5000],
)  # fmt: skip
def test_what_is_not_of_this_life_is_nothing(version: str) -> None:
    assert read(version, EPOCH) is None


ITEMS = [(3, "a"), (9, "b"), (5, "c"), (1, "d")]
GONE = [(7, "x"), (4, "y")]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (9, []),
        (8, [(9, "b")]),
        (6, [(7, "x"), (9, "b")]),
        (4, None),  # three of four: the whole roster is cheaper
        (1, None),
        (None, None),
        (10, None),  # from the future
    ],
)
def test_changes(held: int | None, expected: list[tuple[int, str]] | None) -> None:
    assert changes_since(held, 9, 0, ITEMS, GONE) == expected


def test_forgotten_removals_need_the_whole_roster() -> None:
    assert changes_since(6, 9, 7, ITEMS, GONE[:1]) is None
    assert changes_since(7, 9, 7, ITEMS, []) == [(9, "b")]


def test_one_change_of_a_small_roster_is_pushed() -> None:
    assert changes_since(1, 2, 0, [(2, "a")], []) == [(2, "a")]


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
    horizon = 0
    for number, (name, stays) in enumerate(history, 1):
        if stays:
            present[name] = number
            removed.pop(name, None)
        else:
            present.pop(name, None)
            removed[name] = number
        while len(removed) > tombstones:
            horizon = max(horizon, removed.pop(min(removed, key=lambda name: removed[name])))
        if number == held:
            cached = dict(present)
    changes = changes_since(
        held,
        len(history),
        horizon,
        [(number, name) for name, number in present.items()],
        [(number, name) for name, number in removed.items()],
    )
    if changes is None:
        return
    numbers = [number for number, _ in changes]
    assert numbers == sorted(set(numbers))
    for number, name in changes:
        if present.get(name) == number:
            cached[name] = number
        else:
            cached.pop(name, None)
    assert cached == present
