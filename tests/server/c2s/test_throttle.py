"""How long those who guess passwords must wait."""

from server.c2s import throttle
from server.c2s.throttle import Throttle
from tests.harness.clock import FakeClock

HOME = "192.0.2.1"


def test_nobody_waits_at_first() -> None:
    assert not Throttle(FakeClock(), 3, 60).is_blocked(HOME)


def test_too_many_failures() -> None:
    guard = Throttle(FakeClock(), 3, 60)
    for blocked in (False, False, True, True):
        guard.failed(HOME)
        assert guard.is_blocked(HOME) is blocked
    assert not guard.is_blocked("192.0.2.2")


def test_failures_are_forgotten() -> None:
    clock = FakeClock()
    guard = Throttle(clock, 2, 60)
    guard.failed(HOME)
    clock.advance(61)
    guard.failed(HOME)
    assert not guard.is_blocked(HOME)
    guard.failed(HOME)
    assert guard.is_blocked(HOME)
    clock.advance(59)
    assert guard.is_blocked(HOME)
    clock.advance(2)
    assert not guard.is_blocked(HOME)


def test_one_person_has_a_whole_network_of_ipv6() -> None:
    guard = Throttle(FakeClock(), 1, 60)
    guard.failed("2001:db8::1")
    assert guard.is_blocked("2001:db8::ffff:2")
    assert not guard.is_blocked("2001:db8:0:1::1")


def test_memory_is_bounded() -> None:
    guard = Throttle(FakeClock(), 1, 60)
    guard.failed(HOME)
    for number in range(throttle.REMEMBERED):
        guard.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(guard._failures) == throttle.REMEMBERED
    assert not guard.is_blocked(HOME)
