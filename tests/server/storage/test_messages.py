"""What is due to whom."""

from server.jid import JID
from server.storage.accounts import create_account, find_account
from server.storage.database import Database
from server.storage.messages import (
    DELIVERABLE,
    SENT,
    VISIBLE,
    count_pending,
    expired,
    last_message_id,
    messages,
    park,
    parked,
    pending,
    save_delivered,
    save_entry,
    save_message,
    unpark,
    weigh_pending,
)
from server.storage.roster import Item, save_item
from tests.server.storage.conftest import Open

ANNA = JID.of("anna@example.org")
PEER = "bert@example.org"


async def fill(database: Database) -> int:
    """Messages 1 to 6 for Anna; she sent 3, and 5 is for her archive alone."""
    account = await create_account(database, ANNA, [], 1)
    flags = {3: VISIBLE | SENT, 5: VISIBLE}
    for number in range(1, 7):
        save_message(database, number, b"<message n='%d'/>" % number)
        save_entry(
            database, account, number, PEER, "phone", flags.get(number, VISIBLE | DELIVERABLE)
        )
    await database.journal.sync()
    return account


async def test_what_is_deliverable_after_the_cursor_is_pending(open_database: Open) -> None:
    async with open_database() as database:
        account = await fill(database)
        rows = await pending(database, account, 0)
        assert rows[0] == (1, b"<message n='1'/>", VISIBLE | DELIVERABLE)
        assert [row[0] for row in rows] == [1, 2, 4, 6]
        assert [row[0] for row in await pending(database, account, 2)] == [4, 6]
        assert [row[0] for row in await pending(database, account, 0, limit=2)] == [1, 2]
        assert await pending(database, account + 1, 0) == []


async def test_parked_messages_stay_until_they_are_settled(open_database: Open) -> None:
    async with open_database() as database:
        account = await fill(database)
        for number in (4, 1, 2):
            park(database, account, number)
        unpark(database, account, 2)
        save_delivered(database, account, 5)
        await database.journal.sync()
        assert await parked(database, account) == [1, 4]
        assert await count_pending(database, account, 5) == 3  # with 6, after the cursor
        due = await messages(database, [1, 4, 6])
        assert await weigh_pending(database, account, 5) == (3, sum(len(row[1]) for row in due))
        assert [row[0] for row in await messages(database, [4, 1, 99])] == [1, 4]
        unpark(database, account, 1)
        park(database, account, 2)
        await database.journal.sync()
        assert await parked(database, account) == [2, 4]


async def test_no_messages_are_asked_for(open_database: Open) -> None:
    async with open_database() as database:
        assert await messages(database, []) == []


async def test_a_message_is_stored_once_for_two_owners(open_database: Open) -> None:
    async with open_database() as database:
        account = await fill(database)
        save_entry(database, account + 1, 1, ANNA, "", SENT | VISIBLE)
        await database.journal.sync()
        assert await database.fetch("SELECT count(*) FROM message") == [(6,)]


async def test_what_has_waited_too_long_is_told(open_database: Open) -> None:
    async with open_database() as database:
        account = await fill(database)
        park(database, account, 1)
        park(database, account, 2)
        save_delivered(database, account, 3)
        await database.journal.sync()
        unpark(database, account, 2)
        await database.journal.sync()
        assert await expired(database, 6) == [
            (account, 1, b"<message n='1'/>"),
            (account, 4, b"<message n='4'/>"),
        ]
        assert len(await expired(database, 100, limit=2)) == 2
        assert await expired(database, 6, after=(account, 1)) == [
            (account, 4, b"<message n='4'/>"),
        ]
        assert await expired(database, 6, after=(account + 1, 0)) == []
        assert await expired(database, 1) == []


async def test_the_last_identifier_counts_messages_and_rosters(open_database: Open) -> None:
    async with open_database() as database:
        assert await last_message_id(database) == 0
        account = await fill(database)
        assert await last_message_id(database) == 6
        await database.batch(save_item(account, Item(PEER, version=1000)))
        assert await last_message_id(database) == 1000


async def test_the_cursor_is_found_with_the_account(open_database: Open) -> None:
    async with open_database() as database:
        account = await fill(database)
        save_delivered(database, account, 4)
        await database.journal.sync()
        row = await find_account(database, ANNA)
        assert row is not None
        assert row.delivered == 4
