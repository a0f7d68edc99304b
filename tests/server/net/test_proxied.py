"""A port behind a reverse proxy, over real sockets of this machine."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from server.clock import Clock
from server.config.address import Address
from server.config.limits import Limits
from server.meters import Meters
from server.net.flusher import Flusher
from server.net.listener import Listener
from server.net.proxied import ProxyGate
from server.net.tcp import Connection
from server.net.turnstile import Turnstile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEADER = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 5222\r\n"


class Echo:
    """Says who came, then what it heard."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.write(f"{connection.peer} ".encode())

    def receive(self, data: bytes) -> None:
        self._connection.write(data)
        if b"." in data:
            self._connection.close()

    def connection_lost(self, reason: str) -> None:
        """Nothing to do."""


@asynccontextmanager
async def listening(
    limit: int = 0, patience: float = 10.0, burst: int = 100, meters: Meters | None = None
) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    flusher = Flusher(loop, Clock())
    limits = Limits(connections_per_address=limit, connection_rate=100, connection_burst=burst)
    turnstile = Turnstile(limits, Clock(), meters or Meters())

    def make() -> Connection:
        return Connection(flusher, Echo, 1 << 20, turnstile=turnstile)

    listener = Listener("test", Address("127.0.0.1", 0), lambda: ProxyGate(make, patience))
    await listener.open()
    try:
        yield listener.port
    finally:
        listener.close()


async def ask(port: int, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "pieces",
    [(HEADER + b"hello.",), (HEADER, b"hello."), tuple(bytes([each]) for each in HEADER + b"hi.")],
)
async def test_the_address_is_the_client_s(pieces: tuple[bytes, ...]) -> None:
    async with listening() as port:
        assert await ask(port, *pieces) == b"192.0.2.7 " + b"".join(pieces)[len(HEADER) :]


async def test_the_proxy_s_own_connections_have_its_address() -> None:
    async with listening() as port:
        assert await ask(port, b"PROXY UNKNOWN\r\n", b".") == b"127.0.0.1 ."


@pytest.mark.parametrize("data", [b"<stream:stream>.", b"\x16\x03\x01.", b"PROXY TCP4 x\r\n."])
async def test_without_a_header_nobody_gets_in(data: bytes) -> None:
    async with listening() as port:
        assert await ask(port, data) == b""


async def test_each_client_is_counted_by_itself() -> None:
    async with listening(limit=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEADER)
        assert await reader.readexactly(10) == b"192.0.2.7 "
        assert await ask(port, HEADER, b".") == b""
        other = HEADER.replace(b"192.0.2.7", b"192.0.2.8")
        assert await ask(port, other, b".") == b"192.0.2.8 ."
        writer.write(b".")
        assert await reader.read() == b"."
        writer.close()
        assert await ask(port, HEADER, b".") == b"192.0.2.7 ."


async def test_a_header_must_come_soon() -> None:
    async with listening(patience=0.01) as port:
        assert await ask(port, b"PROXY ") == b""


async def test_each_client_waits_for_itself() -> None:
    """What came along with the header waits too, and is not lost."""
    meters = Meters()
    async with listening(burst=1, meters=meters) as port:
        asked = (ask(port, HEADER + b"hello.") for _ in range(3))
        other = ask(port, HEADER.replace(b"192.0.2.7", b"192.0.2.8") + b"hi.")
        *mine, theirs = await asyncio.gather(*asked, other)  # noqa: TID251 - nobody else waits
    assert mine == [b"192.0.2.7 hello."] * 3
    assert theirs == b"192.0.2.8 hi."
    assert b"skerry_connections_delayed_total 2.0" in meters.render()
