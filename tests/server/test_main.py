"""The composition root: what the command line orders, and the listening sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.main import Front, _orders
from tests.harness.house import House

if TYPE_CHECKING:
    from tests.harness.house import Client

ANNA = "anna@example.org"


async def resumable(house: House, name: str) -> Client:
    client = await house.online(name)
    await client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    client.take_all()
    return client


@pytest.mark.parametrize(
    ("order", "condition"), [("user.password", "reset"), ("user.delete", "not-authorized")]
)
async def test_who_is_online_must_log_in_anew(order: str, condition: str) -> None:
    async with House() as house:
        phone, desk = await house.online("anna/phone"), await resumable(house, "anna/desk")
        lost = await resumable(house, "anna/lost")
        lost.vanish()
        phone.take_all()
        arguments = {"password": "new"} if order == "user.password" else {}
        await _orders(house.server)[order](jid=ANNA, **arguments)
        for client in (phone, desk):
            last = client.take_all()[-1]
            assert last.tag.endswith("}error")
            assert last[0].tag.endswith(condition)
            assert client.is_closed
        assert house.server.sessions.count == 0
        assert not house.server.sweep.hibernating
        if order == "user.password":
            await house.login("anna/phone", "new")


async def greet(port: int, first: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        first + b"<stream:stream to='example.org' xmlns='jabber:client' version='1.0'"
        b" xmlns:stream='http://etherx.jabber.org/streams'></stream:stream>"
    )
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("first", [b"", b"PROXY TCP4 192.0.2.7 198.51.100.1 1 5222\r\n"])
async def test_the_ports_are_open(first: bytes) -> None:
    listen: dict[str, object] = {
        "c2s": ["127.0.0.1:0"], "c2s_tls": [], "proxy_protocol": bool(first)
    }  # fmt: skip
    async with House(config={"listen": listen}) as house:
        front = Front(house.server)
        await front.open()
        try:
            assert b"<stream:features" in await greet(front.listeners[0].port, first)
        finally:
            front.close()
