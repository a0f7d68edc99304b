"""What is written in one turn of the loop leaves together, at its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from server.net.flusher import Flusher
from tests.harness.clock import FakeClock
from tests.harness.loop import settle

if TYPE_CHECKING:
    from server.net.tcp import Connection


class Written:
    """Stands in for a connection."""

    def __init__(self, flusher: Flusher) -> None:
        self.flushes = 0
        self._flusher = flusher

    def flush(self) -> None:
        self.flushes += 1


def made() -> tuple[Flusher, Written, Connection]:
    flusher = Flusher(asyncio.get_running_loop(), FakeClock())
    written = Written(flusher)
    return flusher, written, cast("Connection", written)


async def test_not_before_the_end_of_the_turn() -> None:
    flusher, written, connection = made()
    flusher.add(connection)
    before = written.flushes
    await settle()
    assert (before, written.flushes) == (0, 1)


async def test_again_in_the_next_turn() -> None:
    flusher, written, connection = made()
    for _ in range(3):
        flusher.add(connection)
        await settle()
    assert written.flushes == 3


async def test_what_is_written_while_flushing() -> None:
    flusher, written, connection = made()

    class Chatty(Written):
        def flush(self) -> None:
            super().flush()
            if self.flushes == 1:
                flusher.add(connection)

    flusher.add(cast("Connection", Chatty(flusher)))
    await settle()
    assert written.flushes == 1


async def test_one_broken_connection_does_not_silence_the_others() -> None:
    flusher, written, connection = made()

    class Broken(Written):
        is_aborted = False

        def flush(self) -> None:
            raise OSError

        def abort(self) -> None:
            self.is_aborted = True

    broken = Broken(flusher)
    flusher.add(cast("Connection", broken))
    flusher.add(connection)
    await settle()
    assert written.flushes == 1
    assert broken.is_aborted


async def test_time_is_the_clocks() -> None:
    clock = FakeClock()
    flusher = Flusher(asyncio.get_running_loop(), clock)
    clock.advance(5)
    assert flusher.now() == 5
