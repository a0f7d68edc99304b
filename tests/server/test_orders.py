"""What administrators order of a running server."""

import pytest

from server.control import Refused
from server.moments import AccountDeleted
from server.orders import LONGEST, CannotEnd, Orders
from tests.harness.house import House


async def test_who_is_online() -> None:
    async with House(domains=("example.org", "example.net")) as house:
        for name in ("ben/b", "anna/a", "anna/b", "carl@example.net/c"):
            await house.login(name)
        orders = Orders(house.server)
        assert await orders.online() == [
            "anna@example.org/a", "anna@example.org/b", "ben@example.org/b", "carl@example.net/c",
        ]  # fmt: skip
        assert await orders.online("example.net") == ["carl@example.net/c"]
        assert await orders.online("elsewhere.example") == []


async def test_sessions_end_one_or_all() -> None:
    async with House() as house:
        one, other = await house.login("anna/a"), await house.login("anna/b")
        orders = Orders(house.server)
        for nobody in ("anna@example.org/c", "ben@example.org", "anna@elsewhere.example"):
            assert await orders.end(nobody) == 0
        assert await orders.end("anna@example.org/a") == 1
        assert [one.is_closed, other.is_closed] == [True, False]
        assert await orders.end("Anna@example.org") == 1
        assert [one.is_closed, other.is_closed] == [True, True]
        assert house.server.sessions.count == 0
        await house.login("anna/a")
        with pytest.raises(Refused, match="not an address"):
            await orders.end("a b")


async def test_an_announcement_reaches_who_is_available() -> None:
    async with House(domains=("example.org", "example.net")) as house:
        anna, away = await house.online("anna/a"), await house.login("ben/b")
        carl = await house.online("carl@example.net/c")
        assert await Orders(house.server).announce("Down & out\nat five", "example.org") == 1
        await anna.expect(
            "<message type='headline' from='example.org' to='anna@example.org/a'>"
            "<subject>Announcement</subject><body>Down &amp; out\nat five</body></message>"
        )
        await away.expect_nothing()
        await carl.expect_nothing()


@pytest.mark.parametrize("text", ["", " \n", "x" * (LONGEST + 1)])
async def test_what_cannot_be_announced(text: str) -> None:
    async with House() as house:
        with pytest.raises(Refused):
            await Orders(house.server).announce(text)


async def test_contacts_learn_that_an_account_is_deleted() -> None:
    """XEP-0077 §3.2, whoever deletes it."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        told: list[AccountDeleted] = []
        host = house.server.hosts["example.org"]
        host.tables.moments[AccountDeleted] = (told.append,)
        for one, other in ((anna, ben), (ben, anna)):
            await one.send(f"<presence type='subscribe' to='{other.jid.bare}'/>")
            await other.send(f"<presence type='subscribed' to='{one.jid.bare}'/>")
        ben.take_all()
        await Orders(house.server).accounts().delete("anna@example.org")
        await house.settle()
        assert ben.session.account.roster.state(anna.jid.bare).subscription == "none"
        assert anna.is_closed
        assert [moment.account.jid for moment in told] == ["anna@example.org"]


async def test_the_end_is_asked_of_who_began() -> None:
    async with House() as house:
        orders = Orders(house.server)
        anna = await house.online("anna/a")
        with pytest.raises(CannotEnd):
            await orders.stop(30, "bye")
        await anna.expect_nothing()
        ended: list[bool] = []
        house.server.ask_to_end = ended.append
        assert await orders.stop(30, "bye", restart=True) == 1
        await anna.expect("<message type='headline'><body>bye</body></message>")
        assert await orders.stop(60) == 0
        await house.settle()
        house.clock.advance(30)
        await house.settle()
        assert ended == [True]


async def test_who_is_used_and_who_is_only_online() -> None:
    async with House(domains=("example.org", "example.net")) as house:
        orders = Orders(house.server)
        for name in ("anna/a", "anna/b", "ben/b", "carl@example.net/c"):
            client = await house.login(name)
            client.session.active = name not in ("anna/a", "ben/b")
        assert await orders.active("example.org") == ["anna@example.org"]
        assert await orders.active("example.org", idle=True) == ["ben@example.org"]
