"""Asking for a session, as RFC 3921 §3 wanted."""

import pytest

from tests.harness.house import House
from tests.harness.talk import authenticate, bind, expect_refusal

SESSION = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"


@pytest.mark.parametrize("to", ["", " to='example.org'", " to='anna@example.org'"])
async def test_whoever_asks_gets_one(to: str) -> None:
    async with House() as house:
        client = await authenticate(house, "anna")
        await bind(client)
        await client.send(f"<iq type='set' id='s'{to}>{SESSION}</iq>")
        await client.expect("<iq type='result' id='s'/>")


async def test_there_is_none_for_others() -> None:
    async with House() as house:
        anna, _ = await house.login("anna/a"), await house.login("ben/b")
        await anna.send(f"<iq type='set' id='s' to='ben@example.org'>{SESSION}</iq>")
        await expect_refusal(anna, "service-unavailable", "iq")


async def test_it_is_called_optional() -> None:
    async with House() as house:
        client = await authenticate(house, "anna")
        assert SESSION.replace("/>", "><optional/></session>").encode() in client.said
