"""How far a client has come: what counts, and which messages are meant for it."""

from __future__ import annotations

import math

import pytest

from server.messages.progress import Progress, is_for
from tests.harness.house import House
from tests.harness.sasl2 import BOUND, log_in

BARE, FULL = b"anna@example.org", b"anna@example.org/one"


@pytest.mark.parametrize(
    ("to", "meant"),
    [
        (b"anna@example.org", True),
        (b"anna@example.org/one", True),
        (b"anna@example.org/two", False),
        (b"anna@example.org/one/more", False),
        (b"ben@example.org/two", True),  # sent to somebody else, by oneself
    ],
)
def test_whom_a_message_is_for(to: bytes, meant: bool) -> None:
    wire = b"<message id='&gt; to=&apos;x' from='ben@example.org/b' to='" + to + b"'><body/>"
    assert is_for(wire + b"</message>", BARE, FULL) is meant


async def progress(house: House) -> Progress:
    """That of a client that was never here before."""
    client = await log_in(house, "anna")
    await client.expect(BOUND)
    session = client.session
    assert session.progress is not None
    return session.progress


async def test_it_begins_now_and_only_grows() -> None:
    async with House() as house:
        anna = await progress(house)
        start = anna.cursor
        assert start + 1 == int(house.clock.utcnow() * 1000) << 20
        anna.arrived([start + 1, start + 7])
        anna.arrived([start + 3])
        assert anna.cursor == start + 7
        anna.came_out_of_turn(start + 9)
        assert not anna.lacks(start + 9)
        anna.arrived([start + 9])
        assert anna.lacks(start + 8)


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.messages.progress.OUT_OF_TURN", 2)
    async with House() as house:
        anna = await progress(house)
        start = anna.cursor
        for mid in range(1, 4):
            anna.came_out_of_turn(start + mid)
        assert [anna.lacks(start + mid) for mid in range(1, 4)] == [True, False, False]


async def test_old_messages_are_left_to_lie() -> None:
    async with House() as house:
        anna = await progress(house)
        assert anna.start(pending_for=60) == anna.cursor
        house.clock.advance(100)
        assert anna.start(pending_for=60) == int((house.clock.utcnow() - 60) * 1000) << 20


async def test_nothing_is_too_old_if_messages_wait_for_ever() -> None:
    async with House() as house:
        anna = await progress(house)
        assert anna.start(pending_for=math.inf) == anna.cursor


async def test_who_reads_the_archive_is_never_behind() -> None:
    async with House() as house:
        anna = await progress(house)
        anna._account.ledger.sent(anna.cursor + 1)
        assert anna.is_behind
        anna.asks_archive()
        assert not anna.is_behind
