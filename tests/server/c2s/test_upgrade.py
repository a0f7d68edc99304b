"""Keys for better mechanisms, made at login (XEP-0480)."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import TYPE_CHECKING

from server.sasl.keys import derive_credentials
from server.storage import accounts
from tests.harness.house import PASSWORD, House
from tests.harness.sasl2 import (
    BIND,
    FEATURES,
    SASL2,
    SUCCESS,
    additional,
    encode,
    failure,
    fast,
    plain,
    scram,
    token_of,
    wish,
    with_token,
)
from tests.harness.scram import ScramClient
from tests.harness.talk import connect

if TYPE_CHECKING:
    from tests.harness.house import Client

NS = "urn:xmpp:scram-upgrade:0"
TASK = "UPGR-SCRAM-SHA-{}"


def upgrade(*sizes: int) -> str:
    return "".join(
        f"<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>{TASK.format(size)}</upgrade>" for size in sizes
    )


def asks(size: int) -> str:
    """The pattern of the task that is asked for."""
    return f"<continue xmlns='{SASL2}'><tasks><task>{TASK.format(size)}</task></tasks></continue>"


async def weak(house: House) -> None:
    """Make anna's account an old one, that has keys for SHA-1 only."""
    jid = await house.add_user("anna")
    keys = derive_credentials(PASSWORD, {"sha1": b"salt"}, 4096)
    await accounts.set_credentials(house.database, jid, keys.values())


async def do(client: Client, size: int) -> None:
    """Do one task."""
    await client.send(f"<next xmlns='{SASL2}' task='{TASK.format(size)}'/>")
    data = await client.expect(
        f"<task-data xmlns='{SASL2}'><salt xmlns='{NS}' iterations='4096'/></task-data>"
    )
    salt = b64decode(data[0].text or "")
    salted = hashlib.pbkdf2_hmac(f"sha{size}", PASSWORD.encode(), salt, 4096)
    await client.send(task_data(salted))


def task_data(salted: bytes) -> str:
    return f"<task-data xmlns='{SASL2}'><hash xmlns='{NS}'>{encode(salted)}</hash></task-data>"


async def test_an_upgrade_after_scram() -> None:
    """§3: the example."""
    async with House() as house:
        await weak(house)
        client = await connect(house)
        exchange = ScramClient("SCRAM-SHA-1", "anna", PASSWORD)
        found = await scram(client, exchange, upgrade(256))
        assert found.tag == f"{{{SASL2}}}continue"
        assert exchange.verify(additional(found))
        await do(client, 256)
        success = await client.expect(SUCCESS)
        assert additional(success) == b""
        await client.expect(FEATURES)
        for name, passes in (
            ("SCRAM-SHA-256", True),
            ("SCRAM-SHA-1", True),
            ("SCRAM-SHA-512", False),
        ):
            again = await connect(house)
            answer = await scram(again, ScramClient(name, "anna", PASSWORD))
            assert (answer.tag == f"{{{SASL2}}}success") is passes
        await house.restart()
        again = await connect(house)
        answer = await scram(again, ScramClient("SCRAM-SHA-256", "anna", PASSWORD))
        assert answer.tag == f"{{{SASL2}}}success"


async def test_one_after_the_other_and_then_all_that_was_asked_for() -> None:
    """§2.2: "If the client selected more than one upgrade task, as sequence of upgrade tasks"."""
    async with House() as house:
        await weak(house)
        client = await connect(house)
        await client.send(plain("anna", upgrade(256, 512, 256, 384), BIND, wish()))
        await client.expect(asks(512))
        await do(client, 512)
        await client.expect(asks(256))
        await do(client, 256)
        token = token_of(await client.expect(SUCCESS))
        await client.expect(FEATURES)
        assert client.session.client
        await (await fast(house, "anna", token)).expect(SUCCESS)


async def test_nothing_to_do_for_an_account_that_has_all() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna", upgrade(256, 512)))
        await client.expect(SUCCESS)


async def test_a_token_makes_no_password() -> None:
    """Who has stolen a token must not be able to set what logs in for ever."""
    async with House() as house:
        await weak(house)
        client = await connect(house)
        await client.send(plain("anna", wish()))
        token = token_of(await client.expect(SUCCESS))
        thief = await connect(house)
        await thief.send(with_token("anna", token, upgrade(256)))
        await thief.expect(SUCCESS)


async def test_no_way_around_the_task() -> None:
    """A failure ends the attempt; nobody is logged in, and no token is made."""
    async with House() as house:
        await weak(house)
        begun = f"<next xmlns='{SASL2}' task='{TASK.format(256)}'/>"
        for words in (
            [task_data(bytes(32))],
            [f"<next xmlns='{SASL2}' task='{TASK.format(512)}'/>"],
            [f"<next xmlns='{SASL2}'/>"],
            [begun, begun],
            [begun, task_data(bytes(31))],
            [begun, f"<task-data xmlns='{SASL2}'/>"],
            [begun, f"<abort xmlns='{SASL2}'/>"],
            [f"<response xmlns='{SASL2}'/>"],
        ):
            client = await connect(house)
            await client.send(plain("anna", upgrade(256), BIND, wish()))
            await client.expect(asks(256))
            for word in words:
                await client.send(word)
            answer = client.take_all()[-1]
            assert answer.tag == f"{{{SASL2}}}failure"
            await client.send(plain("anna", BIND))
            await client.expect(SUCCESS)
        rows = await house.database.fetch("SELECT hash FROM credential")
        assert rows == [("sha1",)]
        assert not await house.database.fetch("SELECT * FROM token")


async def test_tasks_only_when_there_are_any() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        exchange = ScramClient("SCRAM-SHA-1", "anna", PASSWORD)
        await client.send(
            f"<authenticate xmlns='{SASL2}' mechanism='SCRAM-SHA-1'>"
            f"<initial-response>{encode(exchange.first())}</initial-response></authenticate>"
        )
        await client.expect(f"<challenge xmlns='{SASL2}'/>")
        await client.send(f"<next xmlns='{SASL2}' task='{TASK.format(256)}'/>")
        await client.expect(failure("malformed-request"))
        await client.expect_nothing()
