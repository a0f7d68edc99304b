"""The composition root: what the command line orders, and the listening sockets."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest

from server.main import Ending, Front, _orders
from server.net.certificates import CertificateStore, ensure_certificate
from tests.harness.house import DOMAIN, House

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.house import Client

ANNA = "anna@example.org"


async def resumable(house: House, name: str) -> Client:
    client = await house.online(name)
    await client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    client.take_all()
    return client


@pytest.mark.parametrize(
    ("order", "condition"),
    [
        ("user.password", "reset"),
        ("user.delete", "not-authorized"),
        ("user.disable", "not-authorized"),
    ],
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


@pytest.mark.parametrize(
    ("asked", "begins_anew"),
    [([False], False), ([True], True), ([True, True], True), ([True, False], False),
     ([False, True], False), ([True, False, True], False)],
)  # fmt: skip
async def test_who_wants_it_to_end_is_obeyed(asked: list[bool], begins_anew: bool) -> None:
    """A signal that comes while the server is about to begin anew ends it for good."""
    ending = Ending()
    for each in asked:
        ending.ask(each)
    assert ending.asked.is_set()
    assert ending.begins_anew is begins_anew


async def shown(port: int) -> bytes:
    """The certificate that a client gets who names no domain."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="")
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


async def test_a_new_certificate_is_shown_at_once(tmp_path: Path) -> None:
    paths = ensure_certificate(tmp_path, DOMAIN, [], 1.7e9)
    store = CertificateStore({DOMAIN: paths})
    listen = {"c2s": [], "c2s_tls": ["127.0.0.1:0"]}
    async with House(config={"listen": listen}, certificates=store) as house:
        front = Front(house.server)
        await front.open()
        try:
            before = await shown(front.listeners[0].port)
            paths.certificate.unlink()
            ensure_certificate(tmp_path, DOMAIN, [], 1.7e9 + 86400)
            assert not store.reload()
            assert await shown(front.listeners[0].port) != before
        finally:
            front.close()


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
