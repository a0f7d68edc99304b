"""A disabled account is closed to every way of logging in (XEP-0133 §4.3, RFC 6120 §6.5.1)."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from server.jid import JID
from server.orders import Orders
from server.sasl.keys import derive_credentials
from server.storage import accounts
from tests.harness import sasl2, talk
from tests.harness.house import PASSWORD, House
from tests.harness.issuer import Issuer
from tests.harness.loop import settle
from tests.harness.scram import ScramClient
from tests.server.c2s.test_upgrade import TASK, asks, task_data, upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.house import Client

ANNA = "anna@example.org"
RESUME = f"<resume xmlns='{talk.SM}' h='0' previd='{{}}'/>"


async def disable(house: House) -> None:
    await Orders(house.server).accounts().disable(ANNA)


async def enable(house: House) -> None:
    await Orders(house.server).accounts().enable(ANNA)


async def closed(house: House) -> House:
    """Make an account for anna that is disabled."""
    await house.add_user("anna")
    await disable(house)
    return house


async def refused_classic(client: Client) -> None:
    await client.expect(talk.failure("account-disabled"))


async def refused(client: Client) -> None:
    await client.expect(sasl2.failure("account-disabled"))


async def scram_classic(client: Client, password: str = PASSWORD) -> None:
    exchange = ScramClient("SCRAM-SHA-256", "anna", password)
    await client.send(talk.auth("SCRAM-SHA-256", exchange.first()))
    challenge = await client.expect(f"<challenge xmlns='{talk.SASL}'/>")
    await client.send(talk.response(exchange.final(b64decode(challenge.text or ""))))


async def test_passwords_in_the_first_form() -> None:
    async with House() as house:
        await closed(house)
        client = await talk.connect(house)
        await client.send(talk.plain("anna"))
        await refused_classic(client)
        await scram_classic(client)
        await refused_classic(client)


async def test_passwords_in_sasl2() -> None:
    async with House() as house:
        await closed(house)
        for more in ((), (sasl2.BIND,)):
            client = await talk.connect(house)
            await client.send(sasl2.plain("anna", *more))
            await refused(client)
            answer = await sasl2.scram(client, ScramClient("SCRAM-SHA-1", "anna", PASSWORD), *more)
            assert answer.find("{*}account-disabled") is not None


@pytest.mark.parametrize("name", ["anna", "nobody"])
async def test_strangers_learn_nothing(name: str) -> None:
    """Without the password, a disabled account is like any other, and like none."""
    async with House() as house:
        await closed(house)
        client = await talk.connect(house)
        await client.send(talk.plain(name, "wrong"))
        await client.expect(talk.failure("not-authorized"))
        await client.send(sasl2.plain(name, password="wrong"))
        await client.expect(sasl2.failure("not-authorized"))
        if name == "anna":
            await scram_classic(client, "wrong")
            await client.expect(talk.failure("not-authorized"))


async def test_tokens() -> None:
    """They open nothing meanwhile, and the account again later; nor does their replay."""
    async with House() as house:
        client = await sasl2.log_in(house, "anna", sasl2.wish())
        token = sasl2.token_of(await client.expect(sasl2.SUCCESS))
        await disable(house)
        await refused(await sasl2.fast(house, "anna", token))
        await (await sasl2.fast(house, "anna", token + "x")).expect(sasl2.failure("not-authorized"))
        await house.restart()
        await refused(await sasl2.fast(house, "anna", token))
        await enable(house)
        await (await sasl2.fast(house, "anna", token)).expect(sasl2.SUCCESS)


async def test_those_for_whom_an_issuer_vouches(tmp_path: Path) -> None:
    issuer = Issuer()
    async with House(config=issuer.config(tmp_path, create=True)) as house:
        await closed(house)
        bearer = f"n,,\x01auth=Bearer {issuer.sign()}\x01\x01".encode()
        client = await talk.connect(house)
        await client.send(talk.auth("OAUTHBEARER", bearer))
        await refused_classic(client)
        await client.send(sasl2.request("OAUTHBEARER", bearer, sasl2.BIND))
        await refused(client)


async def test_tasks() -> None:
    """No task is begun, and none that was begun is ended."""
    async with House() as house:
        jid = await house.add_user("anna")
        keys = derive_credentials(PASSWORD, {"sha1": b"salt"}, 4096)
        await accounts.set_credentials(house.database, jid, keys.values())
        client = await talk.connect(house)
        await client.send(sasl2.plain("anna", upgrade(256)))
        await client.expect(asks(256))
        await client.send(f"<next xmlns='{sasl2.SASL2}' task='{TASK.format(256)}'/>")
        await client.expect(f"<task-data xmlns='{sasl2.SASL2}'/>")
        await disable(house)
        await client.send(task_data(b"x" * 32))
        await refused(client)
        found = await accounts.find_credentials(house.database, jid)
        assert found is not None
        assert list(found) == ["sha1"]
        await client.send(sasl2.plain("anna", upgrade(256)))
        await refused(client)


@pytest.mark.parametrize("is_lost", [False, True])
async def test_sessions_end_and_are_not_resumed(is_lost: bool) -> None:
    async with House() as house:
        anna = await house.online("anna/a")
        previd = (await talk.enable(anna)).get("id", "")
        if is_lost:
            anna.vanish()
        await disable(house)
        if not is_lost:
            await talk.expect_end(anna, "not-authorized")
        assert house.server.sessions.count == 0
        inline = await talk.connect(house)
        await inline.send(sasl2.plain("anna", RESUME.format(previd)))
        await refused(inline)


async def test_who_has_just_logged_in_gets_no_session() -> None:
    """Disabled between the success and the resource, or the resumption."""
    async with House() as house:
        anna = await house.online("anna/a")
        previd = (await talk.enable(anna)).get("id", "")
        one = await talk.authenticate(house, "anna")
        other = await talk.authenticate(house, "anna")
        third = await talk.connect(house)
        await third.send(sasl2.plain("anna"))
        await third.expect(sasl2.SUCCESS)
        await third.expect(sasl2.FEATURES)
        await disable(house)
        await other.send(RESUME.format(previd))
        await other.expect(f"<failed xmlns='{talk.SM}'/>")
        for client in (one, other, third):
            await client.send(f"<iq type='set' id='b'><bind xmlns='{talk.BIND}'/></iq>")
            await talk.expect_end(client, "not-authorized")
        assert house.server.sessions.count == 0


async def test_enabled_again_it_is_as_before() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        for one, other in ((anna, ben), (ben, anna)):
            await one.send(f"<presence type='subscribe' to='{other.jid.bare}'/>")
            await other.send(f"<presence type='subscribed' to='{one.jid.bare}'/>")
        ben.take_all()
        await disable(house)
        await house.settle()
        await ben.expect(f"<presence type='unavailable' from='{ANNA}/a'/>")
        await ben.send(f"<message type='chat' to='{ANNA}'><body>are you there?</body></message>")
        await ben.expect_nothing()
        await house.restart()
        await enable(house)
        again = await house.online("anna/a")
        assert b"are you there?" in bytes(again.said)
        assert again.session.account.roster.state(JID.of("ben@example.org")).subscription == "both"


async def test_what_is_enabled_already_stays_undisturbed() -> None:
    async with House() as house:
        anna = await house.online("anna/a")
        await enable(house)
        await anna.expect_nothing()
        assert house.server.sessions.count == 1


@pytest.mark.parametrize("has_bind", [True, False])
async def test_disabled_while_the_login_waits_for_the_disk(has_bind: bool) -> None:
    """Whatever comes first, no session is left."""
    async with House() as house:
        await house.add_user("anna")
        client = await talk.connect(house)
        house.database.hold()
        client.say(sasl2.plain("anna", sasl2.wish(), sasl2.BIND if has_bind else ""))
        await settle()
        order = asyncio.ensure_future(disable(house))  # noqa: TID251  no owner but the test
        await settle()
        house.database.release()
        await house.settle()
        await order
        assert house.server.sessions.count == 0
        if not client.is_closed:
            await client.send(f"<iq type='set' id='b'><bind xmlns='{talk.BIND}'/></iq>")
            assert client.is_closed or b"account-disabled" in bytes(client.said)
        assert house.server.sessions.count == 0


async def test_disabled_while_the_account_is_being_read() -> None:
    """Who reads it at that moment reads it again."""
    async with House() as house:
        jid = await house.add_user("anna")
        accounts_here = house.server.hosts["example.org"].accounts
        reading = asyncio.ensure_future(accounts_here.load(jid))  # noqa: TID251  as above
        await disable(house)
        account = await reading
        assert account is not None
        assert account.is_disabled or accounts_here.known(jid) is not account
        again = await accounts_here.load(jid)
        assert again is not None
        assert again.is_disabled
