"""Identifiers: order, clocks that jump, text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.message_id import (
    MAX_ID,
    MessageIDs,
    decode,
    encode,
    first_at,
    last_at,
    to_ms,
    to_time,
)

MS = 1_790_000_000_000
IDS = st.integers(0, MAX_ID)


@given(st.lists(st.integers(MS - 5000, MS + 5000), min_size=1), st.integers(0, 255))
def test_identifiers_grow_however_the_clock_jumps(clock: list[int], node: int) -> None:
    ids = MessageIDs(node)
    given_out = [ids.next(now) for now in clock]
    assert given_out == sorted(set(given_out))


def test_a_full_millisecond_borrows_from_the_next() -> None:
    ids = MessageIDs()
    given_out = [ids.next(MS) for _ in range(10_000)]
    assert len(set(given_out)) == 10_000
    assert to_ms(given_out[4095]) == MS
    assert to_ms(given_out[4096]) == MS + 1


def test_identifiers_go_on_after_a_restart_with_a_slow_clock() -> None:
    last = MessageIDs(7).next(MS)
    assert MessageIDs(3, last).next(MS - 60_000) > last


def test_two_nodes_never_collide() -> None:
    one, other = MessageIDs(1), MessageIDs(2)
    mine = {one.next(MS) for _ in range(5000)}
    assert mine.isdisjoint({other.next(MS) for _ in range(5000)})


@pytest.mark.parametrize("node", [-1, 256])
def test_a_node_number_has_eight_bits(node: int) -> None:
    with pytest.raises(ValueError):
        MessageIDs(node)


@given(st.integers(0, MS * 2))
def test_bounds_in_time_enclose_the_identifiers_of_that_time(now: int) -> None:
    message_id = MessageIDs(255).next(now)
    assert first_at(now) <= message_id <= last_at(now) < first_at(now + 1)
    assert to_time(message_id) == now / 1000


@pytest.mark.parametrize("ms", [-1, -(10**20), 10**20])
def test_bounds_stay_within_the_range_of_identifiers(ms: int) -> None:
    assert -1 <= last_at(ms) <= MAX_ID
    assert 0 <= first_at(ms) <= MAX_ID


@given(IDS, IDS)
def test_text_sorts_as_numbers_do(one: int, other: int) -> None:
    assert (encode(one) < encode(other)) == (one < other)


@given(IDS)
def test_text_can_be_read_back(message_id: int) -> None:
    assert decode(encode(message_id)) == message_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0x00000000000001",
        "000000000000000A",
        "0000_0000_000000",
        " 00000000000001 ",
        "+000000000000001",
        "-000000000000001",
        "ffffffffffffffff",
        "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠١",
        "0" * 17,
        "not hexadecimal!",
    ],
)
def test_only_our_own_spelling_is_read(text: str) -> None:
    assert decode(text) is None


@given(st.text(max_size=20))
def test_reading_never_raises(text: str) -> None:
    message_id = decode(text)
    assert message_id is None or encode(message_id) == text
