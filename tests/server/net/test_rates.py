"""Token buckets for places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.net import rates
from server.net.rates import Rates

HOME = "192.0.2.1"


@pytest.mark.parametrize(
    ("steps", "waits"),
    [
        # at these times; 2 a second, 3 at once, nobody waits longer than 1 second
        ([0, 0, 0], [0, 0, 0]),
        ([0, 0, 0, 0, 0, 0], [0, 0, 0, 0.5, 1, None]),
        ([0, 0, 0, 0, 0, 0, 0, 0.5], [0, 0, 0, 0.5, 1, None, None, 1]),
        ([0, 0, 0, 0.5, 1, 1.5], [0, 0, 0, 0, 0, 0]),
        ([0, 0, 0, 100, 100, 100, 100], [0, 0, 0, 0, 0, 0, 0.5]),
    ],
)
def test_turns(steps: list[float], waits: list[float | None]) -> None:
    turns = Rates(2, 3, 1)
    assert [turns.take(HOME, 50 + now) for now in steps] == pytest.approx(waits)


def test_each_place_has_its_own() -> None:
    turns = Rates(1, 1)
    assert [turns.take(place, 0) for place in (HOME, HOME, "192.0.2.2")] == [0, None, 0]


def test_a_crowd_behind_one_address_gets_in() -> None:
    """As with the defaults: everybody within half of the time there is to log in."""
    turns = Rates(500, 5000, 15)
    waits = [turns.take(HOME, 0) for _ in range(10_000)]
    assert None not in waits
    assert max(wait for wait in waits if wait is not None) == pytest.approx(10, abs=0.01)


def test_memory_is_bounded() -> None:
    turns = Rates(1, 1)
    for number in range(rates.REMEMBERED + 10):
        turns.take(str(number), 0)
    assert len(turns) == rates.REMEMBERED
    assert turns.take(str(rates.REMEMBERED), 0) is None
    assert turns.take("0", 0) == 0  # quiet longest, forgotten


@given(
    st.lists(st.floats(0, 3), max_size=60), st.integers(1, 20), st.integers(1, 5),
    st.floats(0, 5),
)  # fmt: skip
def test_no_more_than_the_rate_gets_through(
    pauses: list[float], rate: int, burst: int, patience: float
) -> None:
    turns, now, passed = Rates(rate, burst, patience), 0.0, []
    for pause in pauses:
        now += pause
        wait = turns.take(HOME, now)
        if wait is not None:
            passed.append(now + wait)
    assert passed == sorted(passed)
    for first, since in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - since) + 1e-6
