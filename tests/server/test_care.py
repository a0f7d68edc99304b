"""What the server does for its storage, every hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.care import FIRST, INTERVAL, PAUSE
from server.jid import JID
from server.storage import archive, retention
from server.storage.accounts import delete_account
from server.storage.errors import StorageUnavailable
from tests.harness.house import House

if TYPE_CHECKING:
    import pytest

    from server.storage.database import Database
    from tests.harness.house import Client

DAY = 86_400.0
ANNA = JID.of("anna@example.org")


async def write(ben: Client, *names: str) -> None:
    for name in names:
        await ben.send(
            f"<message type='chat' id='{name}' to='anna@example.org'><body>{name}</body></message>"
        )


async def care(house: House) -> None:
    """One round, with its pauses."""
    house.clock.advance(INTERVAL * 1.2)
    for _ in range(20):
        await house.settle()
        house.clock.advance(PAUSE)


async def entries(house: House, name: str) -> int:
    found = await house.server.hosts["example.org"].accounts.load(await house.add_user(name))
    assert found is not None
    return len((await archive.page(house.database, found.id)).entries)


async def messages(house: House) -> int:
    return int((await house.database.fetch("SELECT count(*) FROM message"))[0][0])


async def test_what_is_older_than_the_retention_is_erased() -> None:
    async with House(config={"archive": {"retention": "7d"}}) as house:
        await house.add_user("anna")
        ben = await house.online("ben/garden")
        await write(ben, "1", "2")
        house.clock.advance(5 * DAY)
        await write(ben, "3")
        house.clock.advance(3 * DAY)
        await care(house)
        assert await entries(house, "anna") == 1
        # Beside the message there is a letter: two of ben's have not been fetched in time.
        assert await entries(house, "ben") == 2
        assert await messages(house) == 2


async def test_forever_is_for_ever() -> None:
    async with House(
        config={"limits": {"pending_for": "forever", "idle_timeout": "forever"}}
    ) as house:
        await house.add_user("anna")
        ben = await house.online("ben/garden")
        await write(ben, "1")
        house.clock.advance(10_000 * DAY)
        await care(house)
        await ben.expect_nothing()
        assert await entries(house, "anna") == 1


async def test_what_deleted_accounts_had_is_erased() -> None:
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/garden")
        await write(ben, "1")
        await delete_account(house.database, ANNA)
        await delete_account(house.database, JID.of("ben@example.org"))
        await care(house)
        assert await messages(house) == 0


async def test_rounds_come_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []

    async def note(database: Database, pause: object) -> None:
        rounds.append(database)

    monkeypatch.setattr(retention, "erase_departed", note)
    async with House() as house:
        await house.settle()
        house.clock.advance(FIRST - 1)
        await house.settle()
        assert not rounds
        house.clock.advance(FIRST + 2)
        await house.settle()
        assert len(rounds) == 1
        for _ in range(3):
            house.clock.advance(INTERVAL * 1.11)
            await house.settle()
        assert len(rounds) == 4


async def test_a_full_disk_is_for_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(database: Database, pause: object) -> None:
        raise StorageUnavailable("disk full")

    async with House() as house:
        with monkeypatch.context() as patched:
            patched.setattr(retention, "purge_settled", full)
            await care(house)
        await care(house)
