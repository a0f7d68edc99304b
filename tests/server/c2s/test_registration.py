"""Requests before login (XEP-0077 §3.1, RFC 6120 §4.9.3.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.extension import Early, Extension
from tests.harness.house import CORE, House
from tests.harness.talk import connect, expect_end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.extension import Wire


class Door(Extension):
    """Answers strangers."""

    name = "door"

    def wires(self) -> Iterable[Wire]:
        yield Early("{urn:example:door}knock", self.answer)

    def answer(self, stream: ClientStream, element: Element) -> None:
        stream.write(b"<iq type='result' id='1'/>")


KNOCK = "<knock xmlns='urn:example:door'/>"


async def test_who_asked_for_it_may_answer() -> None:
    async with House((*CORE, Door)) as house:
        client = await connect(house)
        await client.send(f"<iq type='get' id='1'>{KNOCK}</iq>")
        await client.expect("<iq type='result' id='1'/>")
        assert client.line.is_open


@pytest.mark.parametrize(
    "payload", ["", "<other xmlns='urn:example:door'/>", KNOCK + KNOCK, "<query/>"]
)
async def test_nothing_else_is_answered(payload: str) -> None:
    async with House((*CORE, Door)) as house:
        client = await connect(house)
        await client.send(f"<iq type='get' id='1'>{payload}</iq>")
        await expect_end(client, "not-authorized")


async def test_not_without_tls_where_it_is_required() -> None:
    async with House((*CORE, Door), config={"tls": {"require": True}}) as house:
        client = await connect(house)
        await client.send(f"<iq type='get' id='1'>{KNOCK}</iq>")
        await expect_end(client, "not-authorized")


async def test_not_after_login() -> None:
    async with House((*CORE, Door)) as house:
        client = await house.login("anna/a")
        await client.send(f"<iq type='get' id='1'>{KNOCK}</iq>")
        await client.expect("<iq type='error' id='1'/>")
