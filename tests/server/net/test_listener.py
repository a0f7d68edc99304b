"""Listening, and how many may come from one place (XEP-0205 §3.2)."""

from __future__ import annotations

import asyncio
import socket

import pytest

from server.config.address import Address
from server.net.flusher import Flusher
from server.net.listener import AddressBook, CannotListen, Listener, subnet
from server.net.tcp import Connection
from tests.harness.clock import FakeClock


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
    ],
)
def test_places(address: str, place: str) -> None:
    assert subnet(address) == place


def test_counting() -> None:
    book = AddressBook(2)
    assert [book.admit("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert book.admit("192.0.2.2")
    book.release("192.0.2.1")
    assert [book.admit("192.0.2.1") for _ in range(2)] == [True, False]


def test_neighbours_in_ipv6_count_as_one() -> None:
    book = AddressBook(1)
    assert book.admit("2001:db8::1")
    assert not book.admit("2001:db8::2")
    assert book.admit("2001:db8:0:1::1")


def test_nothing_is_remembered_of_those_who_left() -> None:
    book = AddressBook(2)
    book.admit("192.0.2.1")
    book.release("192.0.2.1")
    assert not book._open


def test_no_limit() -> None:
    book = AddressBook(0)
    assert all(book.admit("192.0.2.1") for _ in range(1000))
    book.release("192.0.2.1")
    assert not book._open


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
