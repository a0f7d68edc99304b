"""Places shared among parties that may not give them back."""

from hypothesis import given
from hypothesis import strategies as st

from server.shares import Shares


def fill(shares: Shares, party: str) -> int:
    count = 0
    while shares.take(party):
        count += 1
    return count


def test_one_alone_gets_a_part() -> None:
    assert fill(Shares(17), "a") == 1
    assert fill(Shares(1700), "a") == 100


def test_everybody_gets_something() -> None:
    shares = Shares(5000)
    found = [fill(shares, str(party)) for party in range(100)]
    assert found[0] == 295
    assert min(found) >= 1
    assert sum(found) <= 5000


def test_greedy_in_turn_get_the_same() -> None:
    shares, taken = Shares(2000), dict.fromkeys("abcd", 0)
    for party in "abcd" * 1000:
        taken[party] += shares.take(party)
    assert set(taken.values()) == {100}
    assert shares.take("newcomer")


def test_what_is_given_back_can_be_taken_again() -> None:
    shares = Shares(2)
    assert [shares.take("a"), shares.take("a")] == [True, False]
    shares.give_back("a")
    assert shares.take("a")
    shares.give_back("a")
    assert not shares._taken


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=200))
def test_no_place_is_lost_or_made(steps: list[tuple[str, bool]]) -> None:
    shares, taken = Shares(10), dict.fromkeys("abc", 0)
    for party, is_taking in steps:
        if is_taking:
            taken[party] += shares.take(party)
        elif taken[party]:
            shares.give_back(party)
            taken[party] -= 1
        assert 0 <= sum(taken.values()) <= 10
    for party, count in taken.items():
        for _ in range(count):
            shares.give_back(party)
    assert fill(shares, "d") == 1
