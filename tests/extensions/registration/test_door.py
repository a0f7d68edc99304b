"""XEP-0077 §3.1.1: "a server MAY return" an error to who registers "too many times"."""

import pytest

from extensions.registration import door
from server.errors import StanzaError
from tests.harness.clock import FakeClock


def test_a_pause_between_accounts_from_one_place() -> None:
    clock = FakeClock()
    entrance = door.Door(clock, 60)
    entrance.enter("192.0.2.1")
    entrance.enter("192.0.2.2")
    clock.advance(59)
    with pytest.raises(StanzaError):
        entrance.enter("192.0.2.1")
    clock.advance(1)
    entrance.enter("192.0.2.1")


def test_what_came_to_nothing_does_not_count() -> None:
    entrance = door.Door(FakeClock(), 60)
    entrance.enter("192.0.2.1")
    entrance.left("192.0.2.1")
    entrance.enter("192.0.2.1")


def test_neighbours_in_ipv6_are_one_place() -> None:
    entrance = door.Door(FakeClock(), 60)
    entrance.enter("2001:db8::1")
    with pytest.raises(StanzaError):
        entrance.enter("2001:db8::2")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "REMEMBERED", 2)
    entrance = door.Door(FakeClock(), 60)
    for peer in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"):
        entrance.enter(peer)
