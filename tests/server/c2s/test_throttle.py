"""How long those who guess passwords must wait."""

from __future__ import annotations

import asyncio

import pytest

from server.c2s import throttle
from server.c2s.throttle import AT_A_TIME, CROWD, Patience, Throttle
from tests.harness.clock import FakeClock

HOME, AWAY = "192.0.2.1", "192.0.2.2"
ANNA, BEN = "anna@example.org", "ben@example.org"


# -- patience --


def test_it_wears_thin() -> None:
    """The wait doubles up to the window, and stays there."""
    patience = Patience[str](10, 320)
    waits = [patience.failed("a", 0) for _ in range(12)]
    assert waits == [0, 0, 0, 0, 10, 20, 40, 80, 160, 320, 320, 320]


@pytest.mark.parametrize(("most", "waits"), [(1, [60, 60]), (2, [0, 60]), (3, [0, 0, 60, 60])])
def test_small_numbers(most: int, waits: list[float]) -> None:
    patience = Patience[str](most, 60)
    assert [patience.failed("a", 0) for _ in waits] == waits


def test_waiting_ends() -> None:
    patience = Patience[str](1, 60)
    assert not patience.is_waiting("a", 0)
    patience.failed("a", 0)
    assert [patience.is_waiting("a", now) for now in (0, 59, 60)] == [True, True, False]
    assert not patience.is_waiting("b", 0)


def test_failures_are_forgotten_after_a_quiet_window() -> None:
    patience = Patience[str](3, 60)
    assert [patience.failed("a", now) for now in (0, 0, 0)] == [0, 0, 60]
    assert patience.failed("a", 119) == 60  # the wait ended at 60
    assert patience.failed("a", 119 + 60 + 61) == 0


def test_memory_is_bounded() -> None:
    patience = Patience[int](1, 60)
    for number in range(throttle.REMEMBERED + 1):
        patience.failed(number, 0)
    assert len(patience) == throttle.REMEMBERED
    assert not patience.is_waiting(0, 0)
    assert patience.is_waiting(1, 0)


# -- who waits --


def test_nobody_waits_at_first() -> None:
    assert not Throttle(FakeClock(), 3, 60).is_blocked(HOME, ANNA)


def test_a_guesser_does_not_lock_out_the_owner() -> None:
    guard = Throttle(FakeClock(), 2, 60)
    assert [guard.failed(HOME, ANNA) for _ in range(2)] == [0, 60]
    assert guard.is_blocked(HOME, ANNA)
    assert not guard.is_blocked(AWAY, ANNA)
    assert not guard.is_blocked(HOME, BEN)
    assert not guard.is_blocked(HOME)


def test_success_is_a_new_beginning() -> None:
    guard = Throttle(FakeClock(), 4, 64)
    for _ in range(2):
        guard.failed(HOME, ANNA)
    guard.succeeded(HOME, ANNA)
    assert guard.failed(HOME, ANNA) == 0


def test_one_password_for_many_accounts() -> None:
    guard = Throttle(FakeClock(), 3, 60)
    guard.succeeded(HOME, BEN)
    for number in range(3 * CROWD):
        guard.failed(HOME, f"u{number}@example.org")
    assert guard.is_blocked(HOME, ANNA)
    assert not guard.is_blocked(AWAY, ANNA)
    assert not guard.is_blocked(HOME, BEN)  # he has been seen there before
    for _ in range(3):
        guard.failed(HOME, BEN)
    assert guard.is_blocked(HOME, BEN)


def test_without_a_name() -> None:
    """Other secrets than passwords are guessed as well: those of invitations."""
    clock = FakeClock()
    guard = Throttle(clock, 1, 60)
    guard.failed(HOME)
    assert guard.is_blocked(HOME)
    assert not guard.is_blocked(HOME, ANNA)
    clock.advance(60)
    assert not guard.is_blocked(HOME)


def test_one_person_has_a_whole_network_of_ipv6() -> None:
    guard = Throttle(FakeClock(), 1, 60)
    guard.failed("2001:db8::1", ANNA)
    assert guard.is_blocked("2001:db8::ffff:2", ANNA)
    assert not guard.is_blocked("2001:db8:0:1::1", ANNA)


def test_memory_of_successes_is_bounded() -> None:
    guard = Throttle(FakeClock(), 1, 60)
    for number in range(throttle.REMEMBERED + 1):
        guard.succeeded(HOME, f"u{number}@example.org")
    assert len(guard._known) == throttle.REMEMBERED


# -- turns --


async def test_some_at_a_time() -> None:
    guard = Throttle(FakeClock(), 1, 60)
    running, done = 0, asyncio.Event()

    async def work(peer: str) -> None:
        nonlocal running
        async with guard.turn(peer):
            running += 1
            await done.wait()
            running -= 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_A_TIME + 5):
            tasks.create_task(work(HOME))
        tasks.create_task(work(AWAY))
        for _ in range(5):
            await asyncio.sleep(0)
        assert running == AT_A_TIME + 1
        done.set()
    assert running == 0
    assert not guard._lines


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    guard = Throttle(FakeClock(), 1, 60)
    done = asyncio.Event()

    async def work() -> None:
        async with guard.turn(HOME):
            await done.wait()

    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(work()) for _ in range(AT_A_TIME + 1)]
        await asyncio.sleep(0)
        waiting[-1].cancel()
        waiting[0].cancel()
        await asyncio.sleep(0)
        done.set()
    assert not guard._lines
