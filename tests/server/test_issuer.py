"""Logging in with the token of an issuer, on a whole server; where its keys come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.c2s.request import NS_FAST
from tests.harness.house import House
from tests.harness.issuer import Issuer
from tests.harness.sasl2 import (
    BIND,
    FEATURES,
    SASL2,
    SUCCESS,
    failure,
    fast,
    plain,
    request,
    token_of,
    wish,
)
from tests.harness.talk import connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.house import Client

OURS = Issuer()


def bearer(token: str, *more: str) -> str:
    return request("OAUTHBEARER", f"n,,\x01auth=Bearer {token}\x01\x01".encode(), *more)


async def attempt(house: House, said: str) -> Client:
    client = await connect(house)
    await client.send(said)
    return client


async def test_off_unless_configured() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await attempt(house, bearer(OURS.sign()))
        await client.expect(failure("invalid-mechanism"))
        await client.send(plain("anna", password=OURS.sign()))
        await client.expect(failure("not-authorized"))


async def test_both_ways_and_then_a_token_of_ours(tmp_path: Path) -> None:
    async with House(config=OURS.config(tmp_path)) as house:
        await house.add_user("anna")
        client = house.connect()
        features = await client.open()
        assert [each.text for each in features.iter(f"{{{SASL2}}}mechanism")][-1] == "OAUTHBEARER"
        await client.send(plain("anna", BIND, password=OURS.sign()))
        await client.expect(SUCCESS)
        client = await attempt(house, bearer(OURS.sign(), BIND, wish()))
        token = token_of(await client.expect(SUCCESS))
        await client.expect(FEATURES)
        house.clock.advance(7200)
        late = await attempt(house, bearer(OURS.sign()))
        await late.expect(f"<challenge xmlns='{SASL2}'/>")
        await late.send(f"<response xmlns='{SASL2}'>AQ==</response>")
        await late.expect(failure("not-authorized"))
        await (await fast(house, "anna", token)).expect(SUCCESS)
        rows = await house.database.fetch("SELECT password, granted FROM client")
        assert rows == [(0, 1)]


async def test_a_grant_makes_no_password(tmp_path: Path) -> None:
    """XEP-0480 is for those who know the password."""
    upgrade = "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>"
    async with House(config=OURS.config(tmp_path, create=True)) as house:
        client = await attempt(house, bearer(OURS.sign(), upgrade))
        await client.expect(SUCCESS)
        assert not await house.database.fetch("SELECT * FROM credential")


async def test_accounts_are_made_only_when_that_is_wanted(tmp_path: Path) -> None:
    for create in (False, True):
        async with House(config=OURS.config(tmp_path, create=create)) as house:
            client = await attempt(house, plain("anna", BIND, password=OURS.sign()))
            await client.expect(SUCCESS if create else failure("not-authorized"))
            again = await attempt(house, plain("anna", BIND, password="guess"))
            await again.expect(failure("not-authorized"))


async def test_new_keys_are_found_when_they_are_needed(tmp_path: Path) -> None:
    newer = Issuer(7, "seven")
    async with House(config=OURS.config(tmp_path)) as house:
        await house.add_user("anna")
        (tmp_path / "jwks.json").write_bytes(newer.jwks)
        house.clock.advance(60)
        client = await attempt(house, plain("anna", password=newer.sign()))
        await client.expect(failure("not-authorized"))
        for _ in range(100):
            await house.settle()
            client = await attempt(house, plain("anna", password=newer.sign()))
            if (await client.next()).tag == f"{{{SASL2}}}success":
                break
        else:
            raise AssertionError("the new keys were not read")


async def test_a_server_without_keys_serves_everybody_else(tmp_path: Path) -> None:
    config = OURS.config(tmp_path)
    (tmp_path / "jwks.json").write_text("{}")
    async with House(config=config) as house:
        await house.add_user("anna")
        client = await attempt(house, plain("anna", password=OURS.sign()))
        await client.expect(failure("not-authorized"))
        await client.send(plain("anna"))
        success = await client.expect(SUCCESS)
        assert success.find(f"{{{NS_FAST}}}token") is None
