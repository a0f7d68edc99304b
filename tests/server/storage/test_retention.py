"""Erasing what is old, and what belonged to accounts that are gone."""

import pytest

from server.jid import JID
from server.storage import clients
from server.storage.accounts import create_account, delete_account
from server.storage.archive import page
from server.storage.database import Database
from server.storage.messages import (
    VISIBLE,
    messages,
    park,
    save_delivered,
    save_entry,
    save_message,
    unpark,
)
from server.storage.retention import erase_departed, purge, purge_settled
from tests.server.storage.conftest import Open

ANNA, BERT = JID.of("anna@example.org"), JID.of("bert@example.org")


class Pauses:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


async def fill(database: Database) -> tuple[int, int]:
    """Messages 1 to 10 are Anna's, the even ones Bert's too."""
    anna = await create_account(database, ANNA, [], 1)
    bert = await create_account(database, BERT, [], 1)
    for number in range(1, 11):
        save_message(database, number, b"x")
        save_entry(database, anna, number, BERT, "", VISIBLE)
        if number % 2 == 0:
            save_entry(database, bert, number, ANNA, "", VISIBLE)
    await database.journal.sync()
    return anna, bert


async def ids(database: Database, account: int) -> list[int]:
    return [entry[0] for entry in (await page(database, account, limit=100)).entries]


@pytest.mark.parametrize("batch", [1, 3, 500])
async def test_old_messages_go_and_newer_ones_stay(open_database: Open, batch: int) -> None:
    async with open_database() as database:
        anna, bert = await fill(database)
        park(database, anna, 3)
        park(database, anna, 8)
        await database.journal.sync()
        pauses = Pauses()
        assert await purge(database, 7, pauses, batch) == 6
        assert await ids(database, anna) == [7, 8, 9, 10]
        assert await ids(database, bert) == [8, 10]
        assert len(await messages(database, list(range(20)))) == 4
        assert await database.fetch("SELECT id FROM pending") == [(8,)]
        assert (pauses.count > len((anna, bert))) == (batch < 500)


@pytest.mark.parametrize("batch", [1, 2, 500])
async def test_words_about_settled_messages_go(open_database: Open, batch: int) -> None:
    async with open_database() as database:
        anna, bert = await fill(database)
        for number in range(1, 6):
            park(database, anna, number)
            park(database, bert, number)
        await database.journal.sync()
        for number in range(1, 5):
            unpark(database, anna, number)
        await database.journal.sync()
        await purge_settled(database, Pauses(), batch)
        assert await database.fetch("SELECT id FROM pending WHERE account = $1", anna) == [(5,)]
        assert len(await database.fetch("SELECT id FROM pending")) == 6


@pytest.mark.parametrize("batch", [2, 500])
async def test_what_a_departed_account_alone_had_is_erased(open_database: Open, batch: int) -> None:
    async with open_database() as database:
        anna, bert = await fill(database)
        await delete_account(database, ANNA)
        # Stragglers from the journal, and from a login.
        save_delivered(database, anna, 5)
        clients.use(database, anna, "phone", 5)
        clients.save_progress(database, anna, "phone", 5, reads_archive=False)
        phone = clients.ClientRow("phone", "", "", 5, 5, password=True, granted=False)
        token = clients.TokenRow(clients.NEW, "HT-SHA-256-NONE", b"nonce", 5, 5)
        await clients.write(
            database, [clients.saving(anna, phone), clients.issuing(anna, "phone", token)]
        )
        await database.journal.sync()
        await erase_departed(database, Pauses(), batch)
        assert await ids(database, anna) == []
        assert await ids(database, bert) == [2, 4, 6, 8, 10]
        assert [row[0] for row in await messages(database, list(range(20)))] == [2, 4, 6, 8, 10]
        owned = ("delivered", "client_use", "client_progress", "client", "token")
        for table in ("departed", "orphan", *owned):
            assert await database.fetch(f"SELECT * FROM {table}") == []
        await delete_account(database, BERT)
        await erase_departed(database, Pauses(), batch)
        assert await messages(database, list(range(20))) == []
