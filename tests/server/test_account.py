"""What of an account stays in memory, and how it gets there."""

import asyncio
from typing import Any

import pytest

from extensions.registry import ALL
from server.account import Account, Accounts
from server.jid import JID
from server.storage import preferences
from server.storage.accounts import save_last_active, set_credentials
from server.storage.insert import Row
from server.storage.preferences import ArchivePreferences
from tests.harness.house import CORE, House
from tests.harness.loop import settle

ANNA, BEN = JID.of("anna@example.org"), JID.of("ben@example.org")


@pytest.mark.parametrize(("default", "archives"), [("always", True), ("never", False)])
async def test_who_has_not_chosen_archives_what_is_usual_here(default: str, archives: bool) -> None:
    async with House(config={"archive": {"default": default}}) as house:
        await house.add_user("anna")
        accounts = house.server.hosts["example.org"].accounts
        account = await accounts.load(ANNA)
        assert account is not None
        assert account.archives(BEN) is archives
        await preferences.save(house.database, account.id, ArchivePreferences("never", {BEN}))
        accounts.forget(account)
        account = await accounts.load(ANNA)
        assert account is not None
        assert account.archives(BEN)


class Slow:
    """Reads of a house, each of which waits for a word."""

    def __init__(self, house: House, patch: pytest.MonkeyPatch) -> None:
        self._fetch = house.database.fetch
        self.gate = asyncio.Event()
        patch.setattr(house.database, "fetch", self.fetch)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        rows = await self._fetch(sql, *args)
        await self.gate.wait()
        return rows


def accounts_of(house: House) -> Accounts:
    return house.server.hosts["example.org"].accounts


def loading(house: House) -> asyncio.Task[Account | None]:
    return house.server.tasks.spawn(accounts_of(house).load(ANNA), "load")


async def test_who_is_loaded_twice_at_once_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House() as house:
        await house.add_user("anna")
        slow = Slow(house, monkeypatch)
        loads = [loading(house) for _ in range(3)]
        await settle()
        slow.gate.set()
        first, *others = [await load for load in loads]
        assert first is not None
        assert all(other is first for other in others)
        assert accounts_of(house).known(ANNA) is first


async def test_who_is_missing_is_missing_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House() as house:
        slow = Slow(house, monkeypatch)
        loads = [loading(house) for _ in range(3)]
        await settle()
        slow.gate.set()
        assert [await load for load in loads] == [None, None, None]


async def test_when_the_first_to_load_gives_up_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with House() as house:
        await house.add_user("anna")
        slow = Slow(house, monkeypatch)
        first, second = [loading(house) for _ in range(2)]
        await settle()
        first.cancel()
        slow.gate.set()
        assert await second is accounts_of(house).known(ANNA) is not None


async def test_a_password_changed_while_it_is_read_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House() as house:
        await house.add_user("anna")
        slow = Slow(house, monkeypatch)
        load = loading(house)
        await settle()
        await set_credentials(house.database, ANNA, ())
        accounts_of(house).changed(ANNA)
        slow.gate.set()
        account = await load
        assert account is not None
        assert account.credentials == {}


async def test_who_was_deleted_while_it_was_read_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House() as house:
        await house.add_user("anna")
        slow = Slow(house, monkeypatch)
        load = loading(house)
        await settle()
        await house.database.execute("DELETE FROM account WHERE jid = $1", ANNA)
        accounts_of(house).changed(ANNA)
        slow.gate.set()
        assert await load is None
        assert accounts_of(house).known(ANNA) is None


async def test_who_comes_back_is_read_after_its_last_words() -> None:
    async with House() as house:
        await house.add_user("anna")
        account = await accounts_of(house).load(ANNA)
        assert account is not None
        house.database.hold()
        save_last_active(house.database, account.id, 4711, "bye")
        accounts_of(house).forget(account)
        load = loading(house)
        await settle()
        assert not load.done()
        house.database.release()
        account = await load
        assert account is not None
        assert account.last_status == "bye"


async def test_what_an_account_has_nothing_of_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading is a way to the database and back, in the middle of a login."""
    async with House((*CORE, *ALL)) as house:
        anna = await house.add_user("anna")
        fetch, asked = house.database.fetch, list[str]()

        async def counted(sql: str, *args: Any) -> list[Row]:
            asked.append(sql)
            return await fetch(sql, *args)

        monkeypatch.setattr(house.database, "fetch", counted)
        assert await house.server.hosts["example.org"].accounts.load(anna) is not None
        (only,) = asked
        assert "FROM account a" in only
