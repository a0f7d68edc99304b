"""Who is hidden from now on gets a farewell; who is seen again is told."""

from server.presence import veils
from tests.extensions.blocking.test_blocking import friends, presences
from tests.harness.house import House


async def test_farewell_and_return() -> None:
    async with House() as house:
        anna, ben = await friends(house)
        account = anna.session.account

        def hide() -> None:
            account.roster.veil(lambda jid: jid == ben.jid.bare, "test")

        await veils.change(house.server, account, hide)
        await house.settle()
        assert presences(ben) == [(anna.jid, "unavailable")]
        await veils.change(house.server, account, hide)
        await ben.expect_nothing()
        await veils.change(house.server, account, lambda: account.roster.veil(None, "test"))
        await house.settle()
        assert presences(ben) == [(anna.jid, None)]
        assert presences(anna) == [(ben.jid, None)]


async def test_who_is_not_there_says_nothing() -> None:
    async with House() as house:
        anna, ben = await friends(house)
        await anna.send("<presence type='unavailable'/>")
        ben.take_all()
        account = anna.session.account
        await veils.change(house.server, account, lambda: account.roster.veil(lambda _: True, "t"))
        await ben.expect_nothing()
