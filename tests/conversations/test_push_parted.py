"""Whose messages are told no more, and who is told no more: the blocked, those who are kept out."""

from __future__ import annotations

import pytest

from extensions.blocking import Blocking
from extensions.registration import Registration
from extensions.retraction import Retractions
from server.orders import Orders
from tests.conversations.test_push_encryption import SEAL, SECRET, unsealed
from tests.extensions.push.makers import NODE, Makers, enable, open_makers, write

SOON = 20.0


async def block(makers: Makers, jid: str) -> None:
    desk = await makers.house.online("anna/desk")
    block = f"<block xmlns='urn:xmpp:blocking'><item jid='{jid}'/></block>"
    await desk.send(f"<iq type='set' id='b'>{block}</iq>")
    await desk.expect("<iq type='result' id='b'/>")
    await desk.close()


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_blocked_in_time(is_restarted: bool) -> None:
    async with open_makers(Blocking) as makers:
        await makers.asleep(more=SEAL)
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(2)
        await block(makers, "ben@example.org")
        if is_restarted:
            await makers.house.restart()
        await makers.pass_time(2 * SOON)
        assert makers.taken == []


async def test_blocked_while_told_again() -> None:
    """Others write later: those that were blocked are not counted."""
    async with open_makers(Blocking) as makers:
        await makers.asleep(more=SEAL)
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(10)
        await block(makers, "ben@example.org")
        await write(await makers.house.online("carl/pc"))
        await makers.pass_time(10)
        assert unsealed(makers.taken[-1])["unread"] == 1


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_kept_out(is_restarted: bool) -> None:
    async with open_makers() as makers:
        await makers.asleep(more=SEAL)
        await write(await makers.house.online("ben/pc"), SECRET)
        await Orders(makers.house.server).accounts().disable("anna@example.org")
        if is_restarted:
            await makers.house.restart()
        await makers.pass_time(2 * SOON)
        await write(await makers.house.online("carl/pc"), SECRET)
        await makers.pass_time(SOON)
        assert makers.taken == []


async def test_retracted_in_time() -> None:
    async with open_makers(Retractions) as makers:
        await makers.asleep(more=SEAL)
        ben = await makers.house.online("ben/pc")
        await ben.send(f"<message type='chat' to='anna@example.org' id='m1'>{SECRET}</message>")
        retract = "<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>"
        back = f"{retract}<body>I took that back</body>"
        await ben.send(f"<message type='chat' to='anna@example.org' id='m2'>{back}</message>")
        await makers.pass_time(SOON)
        assert [unsealed(each)["message"] for each in makers.taken] == ["1 new message"]


async def test_a_new_password_by_an_administrator() -> None:
    """Whoever knew the old one may have had himself told."""
    async with open_makers() as makers:
        thief = await makers.house.online("anna/thief")
        await enable(thief, "thief", SEAL)
        await thief.close()
        await Orders(makers.house.server).accounts().password("anna@example.org", "another")
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(SOON)
        assert makers.taken == []
        assert "disabled: the password was changed" in await makers.history()


async def test_a_new_password_by_the_owner() -> None:
    """The device that has set it goes on."""
    async with open_makers(Registration) as makers:
        await makers.asleep("anna/thief", "thief", SEAL)
        phone = await makers.phone()
        query = "<username>anna</username><password>another</password>"
        await phone.send(f"<iq type='set' id='p'>{register(query)}</iq>")
        await phone.expect("<iq type='result' id='p'/>")
        await phone.close()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(SOON)
        assert [each.node for each in makers.taken] == [NODE]


def register(inside: str) -> str:
    return f"<query xmlns='jabber:iq:register'>{inside}</query>"
