"""Strangers and users who mean no good: the server stays up, small, and there for the others.

The limits are the default ones, but where a test names another. People come from 127.0.0.1, the
others from 127.0.0.2.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  a seed makes every garbage repeatable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from statistics import median
from typing import TYPE_CHECKING, Final

import pytest

from server.jid import JID
from server.storage import accounts, roster
from server.storage.sqlite import SQLiteDatabase
from tests.survival.chat import message
from tests.survival.client import Client
from tests.survival.process import ServerProcess
from tests.survival.test_slow_reader import MEGABYTE, QUICK, SLOWER, keep_pinging, round_trip

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ELSEWHERE: Final = "127.0.0.2"
GROWTH: Final = 48 * MEGABYTE
FLOOD: Final = 1600
"""Messages of a kilobyte: more than may come at once."""
ROSTER: Final = 2000
STRANGERS: Final = 200

_HEADER: Final = (
    b"<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client'"
    b" xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
_CLIENT_HELLO: Final = bytes.fromhex("16030100c8010000c40303") + bytes(range(200))
_LAUGHS: Final = b"".join(
    b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10) for number in range(1, 10)
)
GARBAGE: Final[dict[str, bytes]] = {
    "random bytes": random.Random(4).randbytes(200_000),
    "random bytes after a header": _HEADER + random.Random(5).randbytes(200_000),
    "a TLS hello": _CLIENT_HELLO,
    "plain text": _HEADER,
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100,
    "half a stanza": _HEADER + b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechan",
    "ten megabytes without an end": _HEADER + b"<auth a='" + b"x" * (10 * MEGABYTE),
    "ten megabytes of nothing": _HEADER + b" " * (10 * MEGABYTE),
    "a billion laughs": b"<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY l0 'ha'>" + _LAUGHS
    + b"]>" + _HEADER[21:] + b"<auth>&l9;</auth>",
    "a billion laughs after a header": _HEADER + b"<!DOCTYPE lolz [" + _LAUGHS + b"]><a>&l9;</a>",
    "ten thousand open tags": _HEADER + b"<a>" * 10_000,
    "ten thousand attributes": _HEADER
    + b"<a " + b" ".join(b"a%d='1'" % number for number in range(10_000)) + b">",
}  # fmt: skip


@asynccontextmanager
async def watched(tmp_path: Path, *names: str, **limits: object) -> AsyncIterator[ServerProcess]:
    """A server with default limits but for these, and carol, who must not notice anything."""
    async with ServerProcess(tmp_path, {"limits": limits}) as server:
        await server.add_users(["carol", *names])
        carol = await Client.online(server.port, "carol")
        calm = await round_trip(carol)
        before = server.memory()
        trips: list[float] = []
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(keep_pinging(carol, trips))
            yield server
            watch.cancel()
        assert server.is_alive
        assert median(trips) < max(calm, QUICK) * SLOWER
        await carol.ping()
        assert server.memory() - before < GROWTH
        assert not server.crashes(), server.told()


async def test_garbage_on_every_port(tmp_path: Path) -> None:
    async with watched(tmp_path) as server, asyncio.TaskGroup() as group:
        for port in (server.port, server.tls_port):
            for garbage in GARBAGE.values():
                group.create_task(say(port, garbage))


async def test_strangers_who_never_log_in(tmp_path: Path) -> None:
    limits = {"connections_per_address": STRANGERS, "unauthenticated_timeout": "1h"}
    async with watched(tmp_path, **limits) as server, AsyncExitStack() as leaving:
        for port in (server.port, server.tls_port):
            for number in range(STRANGERS // 2):
                _, stranger = await asyncio.open_connection(
                    "127.0.0.1", port, local_addr=(ELSEWHERE, 0)
                )
                leaving.push_async_callback(leave, stranger)
                if port == server.port:
                    stranger.write((b"", _HEADER, _HEADER[:30])[number % 3])
        # From there nobody gets in any more, from everywhere else all do.
        with pytest.raises((OSError, AssertionError)):
            await keep_coming(server.port)
        another = await Client.login(server.port, "carol", "another")
        await another.ping()


async def leave(writer: asyncio.StreamWriter) -> None:
    """Hang up."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def keep_coming(port: int) -> None:
    """Connect, and stay, until it is refused.

    Each port accepts in its own time: the last of the strangers may still stand in line, and it is
    he then for whom there is no room.
    """
    for _ in range(10):
        await Client(port, "carol").connect(ELSEWHERE)


async def test_a_flood_from_one_client(tmp_path: Path) -> None:
    """Default limits: it is read more slowly, and nobody else is."""
    async with watched(tmp_path, "anna", "ben") as server:
        anna = await Client.online(server.port, "anna", source=ELSEWHERE)
        ben = await Client.online(server.port, "ben", source=ELSEWHERE)
        for number in range(FLOOD):
            await anna.send(message("ben", f"{number} {'x' * 800}"))
        await ben.until(lambda: len(ben.bodies()) == FLOOD)
        assert [body.split()[0] for body in ben.bodies()] == [str(n) for n in range(FLOOD)]


async def test_hostile_users(tmp_path: Path) -> None:
    """What is refused before a login is refused after it."""
    attacks: dict[str, Callable[[], bytes]] = {
        "too large": lambda: b"<message to='ben'><body>" + b"x" * (2 * MEGABYTE),
        "too deep": lambda: b"<a>" * 10_000,
        "laughs": lambda: b"<!DOCTYPE lolz [" + _LAUGHS + b"]><a>&l9;</a>",
        "comments": lambda: b"<!-- no -->" * 1000,
        "somebody else": lambda: b"<message from='ben@localhost' to='carol@localhost'/>",
    }
    async with watched(tmp_path, "anna") as server:
        for attack in attacks.values():
            anna = await Client.online(server.port, "anna", source=ELSEWHERE)
            anna.write(attack())
            await anna.until(lambda a=anna: a.is_closed)  # type: ignore[misc]
            assert any(each.tag.endswith("}error") for each in anna.other)


async def test_a_huge_roster(tmp_path: Path) -> None:
    async with watched(tmp_path, "anna") as server:
        await befriend(server.data / "skerry.sqlite")
        anna = await Client.online(server.port, "anna", source=ELSEWHERE)
        full = await anna.request(
            "<query xmlns='jabber:iq:roster'><item jid='one@example.org'/></query>", "set"
        )
        assert full.get("type") == "error"
        await anna.goodbye()
        for _ in range(3):
            anna = await Client.online(server.port, "anna", source=ELSEWHERE)
            answer = await anna.request("<query xmlns='jabber:iq:roster'/>")
            assert len(answer[0]) == ROSTER
            await anna.goodbye()


async def befriend(path: Path) -> None:
    """Give anna as many contacts as she may have; one by one it would take long."""
    database = SQLiteDatabase(path)
    await database.start()
    row = await accounts.find_account(database, JID.of("anna@localhost"))
    assert row is not None
    items = (
        roster.Item(f"friend{number}@example.org", f"Friend {number}", groups=("All",), version=1)
        for number in range(ROSTER)
    )
    await database.batch([step for item in items for step in roster.save_item(row.id, item)])
    await database.close()


async def say(port: int, data: bytes) -> None:
    """Say something to a port, and wait a moment for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(ELSEWHERE, 0))
    with suppress(OSError, asyncio.TimeoutError):
        async with asyncio.timeout(3):
            writer.write(data)
            await writer.drain()
            while await reader.read(1 << 16):
                pass
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
