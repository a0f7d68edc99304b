"""When a device is notified (rules, without a server)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from extensions.push.rules import (
    CALL_INTERVAL,
    GIVE_UP,
    LONGEST_RETRY,
    MOST,
    MOST_A_MINUTE,
    Agenda,
    Arrival,
    has_reached,
)

DELAY = 5.0
INTERVAL = 60.0


def arrival(mid: int, at: float, conversation: str = "ben", *, call: bool = False) -> Arrival[str]:
    return Arrival(mid, conversation, at, call, {})


@dataclass
class Device:
    """An agenda that is looked at every half second, and what left when."""

    agenda: Agenda[str] = field(default_factory=Agenda)
    left: list[tuple[float, int, set[str]]] = field(default_factory=list)

    def look(self, now: float) -> None:
        due = self.agenda.due(INTERVAL)
        if due is None or due > now:
            return
        before = set(self.agenda.told)
        count = self.agenda.count
        self.agenda.take(now, INTERVAL)
        new = {each.conversation for mid, each in self.agenda.told.items() if mid not in before}
        self.left.append((now, count, new))


def run(messages: list[tuple[float, str]], until: float) -> Device:
    """Messages at their times, looked at as time passes."""
    device, mid, now = Device(), 0, 0.0
    left = sorted(messages)
    while now <= until:
        while left and left[0][0] <= now:
            mid += 1
            at, who = left.pop(0)
            device.agenda.add(arrival(mid, at, who), at + DELAY)
        device.look(now)
        now += 0.5
    return device


TIMES = st.integers(0, 400).map(lambda half: half / 2)
MESSAGES = st.lists(st.tuples(TIMES, st.sampled_from(["ben", "carl", "dora"])), max_size=60)


@given(MESSAGES)
def test_nothing_leaves_too_soon_and_nothing_is_left_behind(
    messages: list[tuple[float, str]],
) -> None:
    device = run(messages, 300)
    assert not device.agenda.is_armed
    assert device.agenda.count == len(messages)
    if messages:
        assert device.left[0][0] == min(at for at, _ in messages) + DELAY
        assert device.left[-1][1] == len(messages)


@given(MESSAGES)
def test_no_message_waits_longer_than_delay_and_interval(messages: list[tuple[float, str]]) -> None:
    device = run(messages, 300)
    for at, who in messages:
        assert any(
            at <= left <= at + INTERVAL + DELAY and who in new for left, _, new in device.left
        )


@given(MESSAGES)
def test_what_leaves_is_asked_for(messages: list[tuple[float, str]]) -> None:
    """Of each notification one conversation at least has not rung for a minute."""
    rung: dict[str, float] = {}
    for left, _, new in run(messages, 300).left:
        assert any(left - rung.get(who, -INTERVAL) >= INTERVAL for who in new)
        rung |= dict.fromkeys(new, left)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=60))
def test_the_count_is_what_waits(steps: list[tuple[bool, int]]) -> None:
    agenda: Agenda[str] = Agenda()
    waits: set[int] = set()
    for mid, (comes, seen) in enumerate(steps):
        if comes:
            agenda.add(arrival(mid, mid), mid + DELAY)
            waits.add(mid)
        else:
            over = {each for each in waits if each % seen == 0}
            agenda.settle(lambda each, over=over: each.mid in over)  # type: ignore[misc]
            waits -= over
        if mid % 7 == 0:
            agenda.take(mid, INTERVAL)
        assert agenda.count == len(waits)
        if not waits:
            assert agenda.due(INTERVAL) is None


def test_it_remembers_so_many_and_no_more() -> None:
    agenda: Agenda[str] = Agenda()
    for mid in range(3 * MOST):
        agenda.add(arrival(mid, 0.0, f"stranger{mid}"), DELAY)
        if mid == MOST // 2:
            agenda.take(6.0, INTERVAL)
    assert agenda.count == 3 * MOST
    assert agenda.forgotten == 2 * MOST
    agenda.settle(lambda _: True)
    assert agenda.count == 0


def test_a_call_does_not_wait_for_the_minute_but_for_other_calls() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add(arrival(1, 0.0), DELAY)
    agenda.take(5.0, INTERVAL)
    agenda.add(arrival(2, 6.0), 11.0)
    assert agenda.due(INTERVAL) == 65.0
    agenda.add(arrival(3, 7.0, call=True), 7.0)
    assert agenda.due(INTERVAL) == 7.0
    assert agenda.has_call
    agenda.take(7.0, INTERVAL)
    agenda.add(arrival(4, 8.0, call=True), 8.0)
    assert agenda.due(INTERVAL) == 7.0 + CALL_INTERVAL


def test_failures() -> None:
    """Each pause is twice the last one, up to a limit; nothing that waits is lost."""
    agenda: Agenda[str] = Agenda()
    agenda.add(arrival(1, 0.0), DELAY)
    now, pauses, given_up = 5.0, [], False
    while not given_up:
        agenda.take(now, INTERVAL)
        given_up = agenda.failed(now)
        due = agenda.due(INTERVAL)
        assert due is not None
        assert agenda.count == 1
        pauses.append(due - now)
        now = due
    assert pauses[:4] == [30, 60, 120, 240]
    assert max(pauses) == LONGEST_RETRY
    assert len(pauses) == GIVE_UP
    agenda.succeeded()
    agenda.take(now, INTERVAL)
    assert agenda.due(INTERVAL) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 1000))
def test_numbers_wrap(sent: int, more: int) -> None:
    assert has_reached(sent, (sent + more) % 2**32)
    assert not has_reached((sent + more + 1) % 2**32, sent)


@given(st.lists(st.tuples(TIMES, st.sampled_from("abcdefghijklmnopqrst")), max_size=100))
def test_so_many_a_minute_and_no_more(messages: list[tuple[float, str]]) -> None:
    """However many people write."""
    left = [at for at, _, _ in run(messages, 600.0).left]
    for first, last in zip(left, left[MOST_A_MINUTE:], strict=False):
        assert last - first >= 60.0


def test_what_was_told_before() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.recall(arrival(7, 0.0))
    agenda.add(arrival(9, 0.0), 0.0)
    assert (agenda.count, agenda.oldest) == (2, 7)
    agenda.take(0.0, INTERVAL)
    agenda.greeted()
    assert (agenda.count, agenda.oldest) == (0, 0)


def test_calls_come_first() -> None:
    agenda: Agenda[str] = Agenda()
    for mid, call in ((1, False), (2, True), (3, True), (4, False)):
        agenda.add(arrival(mid, 0.0, call=call), 0.0)
    assert agenda.subject is not None
    assert agenda.subject.mid == 3


def test_requests_are_no_messages() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add(Arrival(1, "ben", 0.0, False, {}, is_request=True), 0.0)
    assert agenda.count == 0
    assert agenda.is_armed
