"""What the operator does: the verbs of `skerry invite`, on a running server."""

import pytest

from server import rooms
from server.config import load
from server.control import Refused, Verb
from tests.extensions.invitations.scene import DOMAIN, open_house, register, show, stranger
from tests.harness.house import House


def verbs(house: House) -> dict[str, Verb]:
    return dict(rooms.orders(house.config, house.database, house.clock, house.entropy))


async def test_an_order_of_the_operator_lets_somebody_in() -> None:
    async with open_house() as house:
        romeo = await house.online("romeo/1")
        made = await verbs(house)["invite.create"](inviter=str(romeo.jid.bare), username="juliet")
        assert isinstance(made, dict)
        token = made["uri"].partition("preauth=")[2]
        client = await stranger(house)
        assert await show(client, token) == ""
        assert await register(client, "juliet") == ""
        (item,) = romeo.session.account.roster.items
        assert (item.jid, item.subscription) == (f"juliet@{DOMAIN}", "both")
        assert await verbs(house)["invite.list"]() == []


async def test_where_nobody_may_invite_the_operator_is_told() -> None:
    async with open_house({"invitations": {"accounts": "nobody"}}) as house:
        with pytest.raises(Refused, match=r"invitations\.accounts"):
            await verbs(house)["invite.create"]()


async def test_where_they_are_switched_off_there_are_no_orders() -> None:
    config = load(overrides={"server": {"disabled": ["invitations"]}}, environ={})
    async with open_house() as house:
        verbs = rooms.orders(config, house.database, house.clock, house.entropy)
        assert not [verb for verb in verbs if verb.startswith("invite.")]
