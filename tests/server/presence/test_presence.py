"""Presence that is too long for what it does to others."""

from __future__ import annotations

import pytest

from server.presence.service import LONGEST
from tests.harness.house import House
from tests.harness.talk import expect_refusal

STATUS = f"<status>{'x' * LONGEST}</status>"


@pytest.mark.parametrize("type_", ["", " type='unavailable'"])
async def test_long_presence_is_not_multiplied(type_: str) -> None:
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(f"<presence{type_}>{STATUS}</presence>")
        await expect_refusal(anna, "policy-violation", "presence")
        assert not anna.session.is_available


async def test_of_a_long_request_just_the_request_is_kept() -> None:
    async with House() as house:
        await house.add_user("ben")
        anna = await house.online("anna/a")
        await anna.send(f"<presence type='subscribe' to='ben@example.org'>{STATUS}</presence>")
        await house.settle()
        ben = await house.login("ben/b")
        await ben.send("<presence/>")
        await ben.expect("<presence from='ben@example.org/b'/>")
        await ben.expect("<presence type='subscribe' from='anna@example.org'/>")
        assert b"xxx" not in ben.said
