"""What happens to an account, or to the connection, while its owner is logging in."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from server.jid import JID
from server.orders import Orders
from server.sasl.keys import HASHES, derive_credentials
from server.storage import accounts
from tests.harness.house import PASSWORD, House
from tests.harness.scram import ScramClient
from tests.harness.talk import (
    SASL,
    auth,
    authenticate,
    connect,
    expect_end,
    failure,
    plain,
    response,
)

if TYPE_CHECKING:
    import pytest

    from server.account import Account

BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
SASL2 = "urn:xmpp:sasl:2"
ANNA = JID.of("anna@example.org")


async def test_a_new_password_before_the_resource_is_bound() -> None:
    """Who has logged in with the old password is not let in by it any more."""
    async with House() as house:
        client = await authenticate(house, "anna")
        await Orders(house.server).accounts().password(ANNA, "new")
        await client.send(BIND)
        await expect_end(client, "not-authorized")


async def test_a_new_password_while_a_login_stands_before_its_last_step() -> None:
    """The keys that a challenge was made of may not be those of the account any more."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient("SCRAM-SHA-256", "anna", PASSWORD)
        await client.send(
            f"<authenticate xmlns='{SASL2}' mechanism='SCRAM-SHA-256'>"
            f"<initial-response>{b64encode(scram.first()).decode()}</initial-response>"
            "<bind xmlns='urn:xmpp:bind:0'/></authenticate>"
        )
        challenge = await client.expect(f"<challenge xmlns='{SASL2}'/>")
        keys = derive_credentials("new", dict.fromkeys(HASHES, b"another salt"), 4096)
        await accounts.set_credentials(house.database, ANNA, keys.values())
        last = scram.final(b64decode(challenge.text or ""))
        await client.send(f"<response xmlns='{SASL2}'>{b64encode(last).decode()}</response>")
        await client.expect(f"<failure xmlns='{SASL2}'/>")
        assert not house.server.streams


async def test_strangers_load_no_account() -> None:
    """A challenge costs one read, whoever is named."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(auth("SCRAM-SHA-256", b"n,,n=anna,r=abc"))
        await client.expect(f"<challenge xmlns='{SASL}'/>")
        assert house.server.hosts["example.org"].accounts.known(ANNA) is None


async def test_attempts_that_began_before_others_failed_are_held_up_too() -> None:
    async with House(config={"auth": {"failures": 1}}) as house:
        await house.add_user("anna")
        early, other = await connect(house), await connect(house)
        await early.send(auth("SCRAM-SHA-256", b"n,,n=anna,r=abc"))
        await early.expect(f"<challenge xmlns='{SASL}'/>")
        await other.send(plain("anna", "wrong"))
        await other.expect(failure("not-authorized"))
        await early.send(response(b"c=biws,r=abc,p=AAAA"))
        await early.expect(failure("temporary-auth-failure"))


async def test_a_connection_that_is_lost_before_the_resource_is_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There must not be a session that nobody can end."""
    async with House() as house:
        client = await authenticate(house, "anna")
        host = house.server.hosts["example.org"]
        load, loaded = host.accounts.load, asyncio.Event()

        async def slowly(jid: JID) -> Account | None:
            await loaded.wait()
            return await load(jid)

        monkeypatch.setattr(host.accounts, "load", slowly)
        client.stream.receive(BIND.encode())
        client.stream.connection_lost("gone")
        loaded.set()
        await house.settle()
        assert not house.server.streams
        assert host.accounts.online(ANNA) is None
