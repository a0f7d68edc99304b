"""Changes that last, and changes that cannot be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from server.errors import Condition, StanzaError
from server.jid import JID
from server.roster.item import RosterItem, State
from server.roster.saving import Change, next_version, save
from server.storage.errors import StorageUnavailable
from tests.harness.house import House

if TYPE_CHECKING:
    from server.account import Account

BEN = JID.of("ben@example.org")
REQUEST = b"<presence type='subscribe'/>"
ASKS = RosterItem(BEN, state=State.NONE_PENDING_IN, listed=False)


async def account_of(house: House, name: str = "anna") -> Account:
    jid = await house.add_user(name)
    account = await house.server.hosts[jid.domain].accounts.load(jid)
    assert account is not None
    return account


async def test_versions_grow() -> None:
    async with House() as house:
        account = await account_of(house)
        assert 0 < next_version(account) < next_version(account)


async def test_item_comes_and_goes() -> None:
    async with House() as house:
        account = await account_of(house)
        item = RosterItem(BEN, "Ben", ("Friends",), State.FROM, approved=True)
        version = next_version(account)
        await save(account, Change(BEN, None, item, version))
        assert account.roster.version == version
        await house.restart()
        account = await account_of(house)
        assert account.roster.get(BEN) == item
        await save(account, Change(BEN, item, None, next_version(account)))
        await house.restart()
        account = await account_of(house)
        assert account.roster.get(BEN) is None
        assert account.roster.version > version


async def test_request_comes_and_goes_without_a_version() -> None:
    async with House() as house:
        account = await account_of(house)
        await save(account, Change(BEN, None, ASKS, request=REQUEST))
        await house.restart()
        account = await account_of(house)
        assert account.roster.get(BEN) == ASKS
        assert account.roster.requests == {BEN: REQUEST}
        assert account.roster.version == 0
        await save(account, Change(BEN, ASKS, None))
        await house.restart()
        account = await account_of(house)
        assert not account.roster.requests
        assert account.roster.get(BEN) is None


async def test_what_cannot_be_stored_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> NoReturn:
        raise StorageUnavailable("disk full")

    async with House() as house:
        account = await account_of(house)
        await save(account, Change(BEN, None, ASKS, request=REQUEST))
        with monkeypatch.context() as broken:
            broken.setattr(house.database, "batch", refuse)
            with pytest.raises(StanzaError) as refusal:
                await save(account, Change(BEN, ASKS, None))
        assert refusal.value.condition is Condition.RESOURCE_CONSTRAINT
        assert account.roster.get(BEN) == ASKS
        assert account.roster.requests == {BEN: REQUEST}


async def test_a_client_learns_that_nothing_was_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> NoReturn:
        raise StorageUnavailable("disk full")

    async with House() as house:
        anna, ben = await house.online("anna"), await house.online("ben")
        with monkeypatch.context() as broken:
            broken.setattr(house.database, "batch", refuse)
            await anna.send("<presence type='subscribe' to='ben@example.org' id='1'/>")
            await anna.expect("<presence type='error' id='1' from='ben@example.org'/>")
            await anna.send(
                "<iq type='set' id='2'><query xmlns='jabber:iq:roster'>"
                "<item jid='carl@example.org'/></query></iq>"
            )
            await anna.expect("<iq type='error' id='2'/>")
        await anna.expect_nothing()
        await ben.expect_nothing()
        await anna.send("<iq type='get' id='3'><query xmlns='jabber:iq:roster'/></iq>")
        assert len((await anna.expect("<iq type='result' id='3'/>"))[0]) == 0
