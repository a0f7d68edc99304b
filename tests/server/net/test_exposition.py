"""The meters as Prometheus sees them."""

import asyncio
import socket

import pytest

from server.config import Address
from server.meters import Meters
from server.net.exposition import Exposition
from server.net.listener import CannotListen
from server.tasks import Tasks


async def ask(request: bytes) -> bytes:
    meters = Meters()
    meters.gauge("sessions", "Sessions", lambda: 7)
    async with Tasks("test") as tasks:
        exposition = Exposition(meters, [Address("127.0.0.1", 0)], tasks)
        await exposition.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", exposition.ports[0])
        writer.write(request)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        exposition.close()
    return answer


@pytest.mark.parametrize(
    ("request_", "begins", "ends"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK", b"skerry_sessions 7.0\n"),
        (b"GET /metrics?x=1 HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK", b"skerry_sessions 7.0\n"),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK", b"close\r\n\r\n"),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 404", b"look at /metrics\n"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 405", b"only GET\n"),
        (b"GET /metrics", b"", b""),
        (b"x" * 100_000, b"", b""),
    ],
)
async def test_requests(request_: bytes, begins: bytes, ends: bytes) -> None:
    try:
        answer = await ask(request_)
    except ConnectionResetError:
        answer = b""
    assert answer.startswith(begins)
    assert answer.endswith(ends)


async def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        async with Tasks("test") as tasks:
            exposition = Exposition(Meters(), [address], tasks)
            with pytest.raises(CannotListen, match=r"metrics\.listen"):
                await exposition.open()
