"""Phases come one after another."""

from server.c2s.phase import Phase


def test_they_are_in_order() -> None:
    assert sorted(Phase) == list(Phase)
    assert Phase.OPENING < Phase.UNAUTHENTICATED < Phase.AUTHENTICATED < Phase.BOUND < Phase.CLOSED
