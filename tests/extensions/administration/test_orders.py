"""What the command line orders about greetings."""

from collections.abc import Mapping

import pytest

from extensions.administration.orders import GreetingOrders
from extensions.administration.texts import Text
from server.control import Refused
from server.host import Host
from tests.extensions.administration.scene import DOMAIN, headline, open_house
from tests.harness.house import House

DOMAINS = (DOMAIN, "example.net")


def orders(house: House, hosts: Mapping[str, Host]) -> GreetingOrders:
    return GreetingOrders(house.database, house.clock, DOMAINS, hosts)


async def test_a_running_server_says_it_at_once() -> None:
    async with open_house(DOMAINS) as house:
        juliet, nurse = await house.online("juliet/1"), await house.online("nurse@example.net/1")
        verbs = orders(house, house.server.hosts).verbs()
        await verbs["motd.set"](text="Hello", domain=DOMAIN)
        await juliet.expect(headline("Message of the Day", "Hello", f"juliet@{DOMAIN}/1"))
        await nurse.expect_nothing()
        assert await verbs["motd.show"]() == {DOMAIN: "Hello"}
        await verbs["motd.delete"]()
        assert await verbs["motd.show"]() == {}
        await verbs["welcome.set"](text="Welcome!")
        iago = await house.login("iago@example.net/1")
        await iago.send("<presence/>")
        await house.settle()
        assert b"Welcome!" in bytes(iago.said)
        await verbs["welcome.delete"](domain="example.net")
        assert await verbs["welcome.show"]() == {DOMAIN: "Welcome!"}


async def test_a_stopped_server_says_it_when_it_runs() -> None:
    async with open_house(DOMAINS) as house:
        verbs = orders(house, {}).verbs()
        await verbs["motd.set"](text="Hello")
        await verbs["motd.delete"](domain="example.net")
        await house.restart()
        juliet = await house.login("juliet/1")
        await juliet.send("<presence/>")
        assert b"Hello" in bytes(juliet.said)


@pytest.mark.parametrize(("text", "domain"), [
    ("", ""), (" ", ""), ("x" * 10_001, ""), ("x", "a"), ("bell\a", ""), ("half\ud800", ""),
])  # fmt: skip
async def test_what_cannot_be_said(text: str, domain: str) -> None:
    async with open_house(DOMAINS) as house:
        for hosts in ({}, house.server.hosts):
            with pytest.raises(Refused):
                await orders(house, hosts).set("motd", text, domain)
        kept = Text(house.database, "motd", DOMAIN)
        await kept.load()
        assert kept.text == ""
