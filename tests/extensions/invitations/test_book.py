"""Invitations at rest: revoked by a name that means one, cleared away, never known by the token."""

import pytest

from extensions.invitations.book import USES
from extensions.invitations.store import Invitation
from server.control import Refused
from server.storage import accounts
from tests.extensions.invitations.scene import DOMAIN, invitations, issue, open_house


async def test_a_name_must_mean_one() -> None:
    async with open_house() as house:
        book = invitations(house).book
        for _ in range(17):
            await issue(house)
        ids = [each.id for each in await book.open()]
        first = next(one for one in "0123456789abcdef" if sum(id_[0] == one for id_ in ids) > 1)
        for name, words in (("", "no such"), ("x", "no such"), (first, "several")):
            with pytest.raises(Refused, match=words):
                await book.revoke(name)
        await book.revoke(ids[0])
        assert len(await book.open()) == 16


@pytest.mark.parametrize("uses", [0, -1, USES + 1])
async def test_how_often_is_bounded(uses: int) -> None:
    async with open_house() as house:
        with pytest.raises(Refused, match="from once"):
            await issue(house, uses=uses)


async def test_the_next_to_expire_comes_first() -> None:
    async with open_house() as house:
        for days in (3, 1, 2):
            now = int(house.clock.utcnow() * 1000)
            await issue(house, expires=now + days * 86_400_000, uses=days)
        assert [each.uses for each in await invitations(house).book.open()] == [1, 2, 3]


async def test_the_token_is_not_in_the_database() -> None:
    async with open_house() as house:
        token = await issue(house)
        assert token not in repr(await house.database.fetch("SELECT * FROM invitation"))
        book = invitations(house).book
        found = await book.find(token, DOMAIN)
        assert found is not None
        assert found == Invitation(found.id, DOMAIN, registers=True, expires=found.expires)


async def test_what_was_given_back_can_be_used() -> None:
    async with open_house() as house:
        book = invitations(house).book
        found = await book.find(await issue(house), DOMAIN)
        assert found is not None
        assert [await book.take(found), await book.take(found)] == [True, False]
        assert await book.open() == []
        await book.give_back(found)
        assert await book.take(found)


async def test_who_invited_and_is_gone_makes_no_acquaintances() -> None:
    async with open_house() as house:
        book = invitations(house).book
        anna = await house.add_user("anna")
        rows = await house.database.fetch("SELECT id FROM account WHERE jid = $1", anna)
        found = await book.find(await issue(house, inviter_id=rows[0][0]), DOMAIN)
        assert found is not None
        await accounts.delete_account(house.database, anna)
        assert not await book.take(found)
