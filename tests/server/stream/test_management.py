"""Counting what was sent and what was acknowledged (XEP-0198 §4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.stream.management import REQUEST_EVERY, WRAP, AckedTooMuchError, Outbox, parse_h


def outbox(*mids: int, acked: int = 0) -> Outbox:
    box = Outbox()
    box.acked = acked
    for mid in mids:
        box.put(b"<message/>", mid)
    return box


def test_nothing_was_sent() -> None:
    box = outbox()
    assert (box.sent, box.size, box.acknowledge(0)) == (0, 0, [])


def test_acknowledging_in_parts() -> None:
    box = outbox(1, 0, 2, 3)
    assert (box.sent, box.size) == (4, 40)
    assert box.acknowledge(2) == [1]
    assert box.acknowledge(2) == []
    assert [mid for _, mid in box.queue] == [2, 3]
    assert (box.sent, box.size) == (4, 20)
    assert box.acknowledge(4) == [2, 3]
    assert (box.sent, box.size, box.queue) == (4, 0, [])


@pytest.mark.parametrize("h", [3, 4, WRAP - 1])
def test_too_much(h: int) -> None:
    """§6: "higher than the amount of stanzas that it was sent"."""
    box = outbox(1, 2)
    with pytest.raises(AckedTooMuchError) as caught:
        box.acknowledge(h)
    assert (caught.value.h, caught.value.sent) == (h, 2)
    assert len(box.queue) == 2


def test_counters_only_grow() -> None:
    box = outbox(1, 2, 3)
    box.acknowledge(2)
    with pytest.raises(AckedTooMuchError):
        box.acknowledge(1)


def test_wrapping() -> None:
    """§4: "the value of 'h' SHALL be reset from 2^32-1 back to zero"."""
    box = outbox(1, 2, 3, acked=WRAP - 2)
    assert box.sent == 1
    assert box.acknowledge(WRAP - 1) == [1]
    assert box.acknowledge(0) == [2]
    assert box.acknowledge(1) == [3]


@given(
    start=st.sampled_from([0, 1, WRAP - 3, WRAP - 1]),
    steps=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20),
)
def test_it_is_a_queue(start: int, steps: list[tuple[int, int]]) -> None:
    """However it is cut, and whatever the counter: each comes out once, in order."""
    box = outbox(acked=start)
    sent: list[int] = []
    acknowledged: list[int] = []
    for more, fewer in steps:
        for _ in range(more):
            sent.append(len(sent) + 1)
            box.put(b"x", sent[-1])
        count = min(fewer, len(box.queue))
        acknowledged += box.acknowledge((box.acked + count) % WRAP)
        assert box.sent == (start + len(sent)) % WRAP
        assert box.size == len(box.queue)
    assert acknowledged + [mid for _, mid in box.queue] == sent


def test_when_to_ask() -> None:
    box = outbox()
    due = [box.put(b"", 0) for _ in range(REQUEST_EVERY)]
    assert due == [False] * (REQUEST_EVERY - 1) + [True]
    assert box.request(5.0) == b"<r xmlns='urn:xmpp:sm:3'/>"
    assert box.requested == 5.0
    assert not any(box.put(b"", 0) for _ in range(2 * REQUEST_EVERY))  # one question at a time
    box.acknowledge(1)
    assert not box.requested
    assert box.put(b"", 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("7", 7), ("007", 7), ("4294967295", WRAP - 1), ("4294967296", None),
        ("9" * 30, None), ("", None), (None, None), ("-1", None), ("+1", None), (" 1", None),
        ("1.0", None), ("0x1", None), ("٣", None), ("²", None), ("1_0", None),
    ],
)  # fmt: skip
def test_reading_a_counter(text: str | None, value: int | None) -> None:
    """§13: xs:unsignedInt."""
    assert parse_h(text) == value


def test_taking_back() -> None:
    """The peer is told nothing, and both go on counting the same."""
    box = outbox(1, acked=5)
    box.put(b"<message from='a'/>", 2)
    box.put(b"<presence from='a'/>", 0)
    box.put(b"<message/>", 3)
    assert box.drop(lambda wire: b"from" in wire) == [2]
    assert [mid for _, mid in box.queue] == [1, 3]
    assert (box.sent, box.size) == (7, 20)
    assert box.acknowledge(7) == [1, 3]
