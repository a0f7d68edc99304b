"""Waiting for a turn, over real sockets and on the loop that the server runs on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
import uvloop

from server.net.anteroom import Anteroom
from tests.harness.wire import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Connection(asyncio.Protocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.losses = 0
        self.has_heard = asyncio.Event()
        self.is_lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.has_heard.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.losses += 1
        self.is_lost.set()


def test_what_came_early_is_kept() -> None:
    transport, connection = Transport(lambda _: None), Connection()
    room = Anteroom(transport, connection)
    assert transport.get_protocol() is room
    room.data_received(b"ear")
    assert not transport.is_reading()
    room.data_received(b"ly")
    assert connection.heard == b""
    room.leave()
    assert transport.get_protocol() is connection
    assert transport.is_reading()
    assert connection.heard == b"early"


def test_nothing_came() -> None:
    transport, connection = Transport(lambda _: None), Connection()
    room = Anteroom(transport, connection)
    room.leave()
    assert transport.get_protocol() is connection
    assert connection.heard == b""


def test_who_goes_is_gone() -> None:
    transport, connection = Transport(lambda _: None), Connection()
    room = Anteroom(transport, connection)
    room.data_received(b"early")
    transport.close()
    room.connection_lost(None)
    room.leave()
    assert (connection.heard, connection.losses) == (b"", 1)


async def _wait() -> None:
    """A server whose only client comes before its turn."""
    loop = asyncio.get_running_loop()
    connection, rooms = Connection(), list[Anteroom]()
    arrived = asyncio.Event()

    class Door(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            rooms.append(Anteroom(cast("asyncio.Transport", transport), connection))
            arrived.set()

    server = await loop.create_server(Door, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello")
    await arrived.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert connection.heard == b""
    rooms[0].leave()
    await connection.has_heard.wait()
    assert connection.heard == b"hello"
    writer.close()
    await connection.is_lost.wait()
    server.close()


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
def test_real_loops(run: Callable[[Coroutine[None, None, None]], None]) -> None:
    """They differ in when reading begins."""
    run(asyncio.wait_for(_wait(), 60))
