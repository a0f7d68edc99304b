"""Our last word is read, also by who was still talking."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import uvloop

from server.clock import Clock
from server.config.address import Address
from server.net import farewell
from server.net.farewell import Farewell
from server.net.flusher import Flusher
from server.net.listener import Listener
from server.net.tcp import Connection
from tests.harness.wire import Transport

if TYPE_CHECKING:
    import pytest


class Connected(asyncio.Protocol):
    """Knows when it has ended."""

    losses = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self.losses += 1


def test_what_still_comes_is_thrown_away() -> None:
    transport, connection = Transport(lambda _: None), Connected()
    last = Farewell(transport, connection)
    assert transport.get_protocol() is last
    assert transport.is_reading()
    last.data_received(b"and another thing")
    assert not transport.was_aborted
    assert not last.eof_received()  # asyncio closes then
    last.connection_lost(None)
    assert connection.losses == 1


def test_nobody_talks_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farewell, "MOST", 10)
    transport = Transport(lambda _: None)
    last = Farewell(transport, Connected())
    last.data_received(b"0123456789")
    assert not transport.was_aborted
    last.data_received(b"0")
    assert transport.was_aborted


def test_nobody_is_waited_for_for_ever() -> None:
    transport = Transport(lambda _: None)
    last = Farewell(transport, Connected())
    transport.ended = False
    last.end()
    assert transport.ended


class Judge:
    """Ends the connection in the middle of what it is told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def receive(self, data: bytes) -> None:
        if self._connection.is_open:
            self._connection.write(b"too long")
            self._connection.close(hears_out=True)

    def connection_lost(self, reason: str) -> None: ...


def _pour(port: int) -> bytes:
    """A client that says all it wants to say before it listens."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        for _ in range(400):
            client.sendall(b"a" * 10_000)
        return client.recv(1000)


async def _judge() -> bytes:
    flusher = Flusher(asyncio.get_running_loop(), Clock())
    address = Address("127.0.0.1", 0)
    door = Listener("test", address, lambda: Connection(flusher, Judge, 1 << 20))
    await door.open()
    try:
        return await asyncio.to_thread(_pour, door.port)
    finally:
        door.close()


def test_over_a_real_connection() -> None:
    """Sending does not fail, and the answer is there."""
    assert uvloop.run(_judge()) == b"too long"
