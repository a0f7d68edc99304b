"""A TCP connection: bytes in, bytes out, limits both ways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from OpenSSL import SSL

from server.config.limits import Limits
from server.meters import Meters
from server.net.anteroom import Anteroom
from server.net.farewell import PATIENCE, Farewell
from server.net.flusher import Flusher
from server.net.tcp import Bucket, Connection
from server.net.turnstile import Turnstile
from tests.harness.clock import FakeClock
from tests.harness.loop import settle
from tests.harness.wire import Transport

if TYPE_CHECKING:
    from collections.abc import Callable


class Receiver:
    """Keeps what it is told."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard: list[bytes] = []
        self.lost: list[str] = []

    def receive(self, data: bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, reason: str) -> None:
        self.lost.append(reason)


class Line:
    """A connection with everything around it."""

    def __init__(
        self, *, limit: int = 1000, bucket: Bucket | None = None,
        turnstile: Turnstile | None = None, peer: str = "192.0.2.1",
    ) -> None:  # fmt: skip
        self.clock = FakeClock()
        self.later: list[tuple[float, object]] = []
        flusher = Flusher(asyncio.get_running_loop(), self.clock)
        self.connection = Connection(flusher, self._made, limit, None, bucket, turnstile)
        self.written: list[bytes] = []
        self.transport = Transport(self.written.append, peer)
        self.receiver: Receiver | None = None
        self.connection.connection_made(self.transport)

    def _made(self, connection: Connection) -> Receiver:
        self.receiver = Receiver(connection)
        return self.receiver

    @property
    def heard(self) -> list[bytes]:
        assert self.receiver is not None
        return self.receiver.heard


def turnstile(**changes: Any) -> Turnstile:
    return Turnstile(Limits(**changes), FakeClock(), Meters())


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, Callable[[], None]]]:
    """What the flusher was asked to do later, and when."""
    found: list[tuple[float, Callable[[], None]]] = []
    monkeypatch.setattr(Flusher, "later", lambda _, seconds, call: found.append((seconds, call)))
    return found


async def test_in_and_out() -> None:
    line = Line()
    assert line.connection.peer == "192.0.2.1"
    assert line.connection.is_open
    assert not line.connection.is_secure
    line.connection.data_received(b"hello")
    assert line.heard == [b"hello"]
    line.connection.write(b"a")
    line.connection.write(b"b")
    assert not line.written
    await settle()
    assert line.written == [b"ab"]  # in one piece


async def test_closing_says_everything_first() -> None:
    line = Line()
    line.connection.write(b"bye")
    line.connection.close()
    assert line.written == [b"bye"]
    assert line.transport.ended
    assert not line.connection.is_open
    line.connection.close()
    await settle()


async def test_who_is_heard_out(later: list[tuple[float, Callable[[], None]]]) -> None:
    line = Line()
    line.connection.pause()
    line.connection.write(b"bye")
    line.connection.close(hears_out=True)
    assert line.written == [b"bye"]
    assert isinstance(line.transport.protocol, Farewell)
    assert line.transport.is_reading()
    line.connection.pause()  # whoever wants this still
    assert line.transport.is_reading()
    assert [seconds for seconds, _ in later] == [PATIENCE]
    line.transport.protocol.connection_lost(None)
    assert line.receiver is not None
    assert line.receiver.lost == ["closed"]


async def test_nothing_is_heard_after_closing() -> None:
    line = Line()
    line.connection.close()
    line.connection.data_received(b"late")
    assert line.heard == []


async def test_the_end_from_the_other_side() -> None:
    line = Line()
    assert not line.connection.eof_received()  # asyncio closes then
    line.connection.write(b"never")
    line.connection.connection_lost(ConnectionResetError("reset"))
    await settle()
    assert line.receiver is not None
    assert line.receiver.lost == ["reset"]
    assert not line.written
    line.connection.write(b"a word after the end")
    line.connection.close()
    await settle()
    assert not line.written


async def test_aborting_forgets_what_was_not_written() -> None:
    line = Line()
    line.connection.write(b"never")
    line.connection.abort()
    await settle()
    assert line.transport.was_aborted
    assert not line.written


async def test_pauses_add_up() -> None:
    line = Line()
    line.connection.pause()
    line.connection.pause()
    assert not line.transport.is_reading()
    line.connection.resume()
    assert not line.transport.is_reading()
    line.connection.resume()
    assert line.transport.is_reading()


async def test_who_does_not_read_is_not_listened_to() -> None:
    line = Line()
    states = []
    for step in (line.connection.pause_writing, line.connection.resume_writing):
        step()
        states.append((line.connection.congested, line.transport.is_reading()))
    assert states == [(True, False), (False, True)]


@pytest.mark.parametrize(("unread", "is_cut"), [(1000, False), (1001, True)])
async def test_who_does_not_read_at_all_is_cut(unread: int, is_cut: bool) -> None:
    """A bounded buffer, so that one slow reader does not eat the memory of all."""
    line = Line(limit=1000)
    line.transport.unread = unread
    line.connection.pause_writing()
    line.connection.write(b"more")
    await settle()
    assert line.transport.was_aborted is is_cut


# -- rates --


@pytest.mark.parametrize(
    ("steps", "pauses"),
    [
        # (seconds later, bytes), and how long to pause for it: 100 a second, 1000 at once
        ([(0, 1000)], [0]),
        ([(0, 1001)], [0.01]),
        ([(0, 1000), (0, 100)], [0, 1]),
        ([(0, 1000), (5, 500)], [0, 0]),
        ([(0, 1000), (1000, 1100)], [0, 1]),
        ([(0, 1500), (0, 100)], [5, 6]),
    ],
)
def test_bucket(steps: list[tuple[float, int]], pauses: list[float]) -> None:
    bucket, now, found = Bucket(100, 1000, 0), 0.0, []
    for seconds, count in steps:
        now += seconds
        found.append(bucket.take(count, now))
    assert found == pytest.approx(pauses)


async def test_who_sends_too_fast_is_read_more_slowly() -> None:
    line = Line(bucket=Bucket(1e6, 10, 0))
    line.connection.data_received(b"a" * 10)
    assert line.transport.is_reading()
    line.connection.data_received(b"a" * 10)
    assert line.heard == [b"a" * 10] * 2  # nothing is lost
    assert not line.transport.is_reading()
    async with asyncio.timeout(60):
        await line.transport.resumed.wait()


# -- how many from one place --


@pytest.mark.parametrize("unread", [0, 5])
async def test_who_does_not_read_the_goodbye_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, unread: int
) -> None:
    later: list[Callable[[], None]] = []
    monkeypatch.setattr(Flusher, "later", lambda _, __, callback: later.append(callback))
    line = Line()
    line.transport.unread = unread
    line.connection.close()
    assert not line.transport.was_aborted
    assert bool(later) is bool(unread)
    for callback in later:
        callback()
    assert line.transport.was_aborted is bool(unread)
    line.connection.connection_lost(None)
    for callback in later:
        callback()


async def test_too_many_from_one_address() -> None:
    book = turnstile(connections_per_address=2)
    lines = [Line(turnstile=book) for _ in range(3)]
    assert [line.transport.was_aborted for line in lines] == [False, False, True]
    assert lines[2].receiver is None
    lines[2].connection.connection_lost(None)  # it was never counted
    assert Line(turnstile=book).transport.was_aborted
    assert not Line(turnstile=book, peer="192.0.2.2").transport.was_aborted
    lines[0].connection.connection_lost(None)
    assert not Line(turnstile=book).transport.was_aborted


# -- how often from one place --


async def test_who_connects_too_often_has_to_wait(
    later: list[tuple[float, Callable[[], None]]],
) -> None:
    gate = turnstile(connection_rate=2, connection_burst=1)
    lines = [Line(turnstile=gate) for _ in range(3)]
    assert [seconds for seconds, _ in later] == [0.5, 1]
    waiting = lines[1].transport.protocol
    assert isinstance(waiting, Anteroom)
    waiting.data_received(b"hello")
    assert lines[1].heard == []
    later[0][1]()
    assert lines[1].heard == [b"hello"]
    assert lines[1].transport.protocol is lines[1].connection
    lines[2].transport.protocol.connection_lost(None)
    assert gate._open["192.0.2.1"] == 2


async def test_handshakes_wait_for_their_turn(
    later: list[tuple[float, Callable[[], None]]],
) -> None:
    gate = turnstile(handshake_rate=1, handshake_burst=1)
    lines = [Line(turnstile=gate) for _ in range(18)]
    context = SSL.Context(SSL.TLS_METHOD)
    for line in lines:
        line.connection.start_tls(context)
    assert [line.transport.is_reading() for line in lines[:3]] == [True, False, False]
    assert [seconds for seconds, _ in later] == pytest.approx(range(1, 16))
    assert [line.transport.was_aborted for line in lines] == [False] * 16 + [True] * 2
