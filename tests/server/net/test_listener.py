"""Listening."""

from __future__ import annotations

import asyncio
import socket

import pytest

from server.config.address import Address
from server.net.flusher import Flusher
from server.net.listener import CannotListen, Listener
from server.net.tcp import Connection
from tests.harness.clock import FakeClock


class Echo:
    """Says again what it hears."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def receive(self, data: bytes) -> None:
        self._connection.write(data)

    def connection_lost(self, reason: str) -> None: ...


def listener(port: int = 0) -> Listener:
    flusher = Flusher(asyncio.get_running_loop(), FakeClock())
    address = Address("127.0.0.1", port)
    return Listener("test", address, lambda: Connection(flusher, Echo, 1000))


async def test_a_real_connection() -> None:
    door = listener()
    await door.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    door.close()
    writer.write(b"still there")
    assert await reader.readexactly(11) == b"still there"
    writer.close()
    await writer.wait_closed()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", door.address.port or 1)


async def test_a_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=str(port)):
            await listener(port).open()


async def test_closing_what_was_never_opened() -> None:
    listener().close()
