"""Accounts and credentials."""

import pytest

from server.jid import JID
from server.sasl.keys import ScramKeys
from server.storage import clients
from server.storage.accounts import (
    AccountExists,
    account_exists,
    add_credentials,
    count_accounts,
    create_account,
    delete_account,
    disable,
    enable,
    find_account,
    find_credentials,
    last_login,
    list_accounts,
    save_last_active,
    set_credentials,
)
from server.storage.errors import Conflict
from server.storage.messages import park, save_delivered
from server.storage.preferences import ArchivePreferences, save
from server.storage.roster import Item, load, save_item, save_request
from tests.server.storage.conftest import Open

ANNA, BERT = JID.of("anna@example.org"), JID.of("bert@example.org")
STRONG = ScramKeys("sha512", 10_000, b"salt5", b"stored5", b"server5")
WEAK = ScramKeys("sha1", 4096, b"salt1", b"stored1", b"server1")


async def test_a_new_account_can_be_found(open_database: Open) -> None:
    async with open_database() as database:
        number = await create_account(database, ANNA, [STRONG, WEAK], 1234)
        account = await find_account(database, ANNA)
        assert account is not None
        assert (account.id, account.jid, account.created) == (number, ANNA, 1234)
        assert account.credentials == {"sha512": STRONG, "sha1": WEAK}
        assert (account.delivered, account.last_active, account.last_status) == (0, 0, "")
        assert await account_exists(database, ANNA)


async def test_who_is_unknown_is_not_found(open_database: Open) -> None:
    async with open_database() as database:
        assert await find_account(database, ANNA) is None
        assert not await account_exists(database, ANNA)
        assert not await delete_account(database, ANNA)


async def test_an_account_exists_only_once(open_database: Open) -> None:
    async with open_database() as database:
        await create_account(database, ANNA, [STRONG], 1)
        with pytest.raises(AccountExists):
            await create_account(database, ANNA, [WEAK], 2)
        account = await find_account(database, ANNA)
        assert account is not None
        assert account.credentials == {"sha512": STRONG}


async def test_an_account_may_be_without_credentials(open_database: Open) -> None:
    async with open_database() as database:
        await create_account(database, ANNA, [], 1)
        account = await find_account(database, ANNA)
        assert account is not None
        assert account.credentials == {}


async def test_new_credentials_replace_all_old_ones(open_database: Open) -> None:
    async with open_database() as database:
        await create_account(database, ANNA, [STRONG, WEAK], 1)
        await create_account(database, BERT, [STRONG], 1)
        newer = ScramKeys("sha512", 20_000, b"a", b"b", b"c")
        await set_credentials(database, ANNA, [newer])
        anna, bert = await find_account(database, ANNA), await find_account(database, BERT)
        assert anna is not None
        assert bert is not None
        assert anna.credentials == {"sha512": newer}
        assert bert.credentials == {"sha512": STRONG}


async def test_credentials_need_an_account(open_database: Open) -> None:
    async with open_database() as database:
        with pytest.raises(Conflict):
            await set_credentials(database, ANNA, [STRONG])


async def test_standing_is_saved_through_the_journal(open_database: Open) -> None:
    async with open_database() as database:
        number = await create_account(database, ANNA, [], 1)
        for cursor in (5, 9, 7):
            save_delivered(database, number, cursor)
            await database.journal.sync()
        save_last_active(database, number, 77, "gone fishing")
        await database.journal.sync()
        account = await find_account(database, ANNA)
        assert account is not None
        assert account.delivered == 9  # a cursor never moves back
        assert (account.last_active, account.last_status) == (77, "gone fishing")


async def test_accounts_are_listed_by_the_page(open_database: Open) -> None:
    async with open_database() as database:
        for jid in (BERT, ANNA):
            await create_account(database, jid, [], 1)
        assert await list_accounts(database) == [ANNA, BERT]
        assert await list_accounts(database, after=ANNA) == [BERT]
        assert await list_accounts(database, limit=1) == [ANNA]
        assert await count_accounts(database) == 2


async def test_disabled_since_when_and_no_more(open_database: Open) -> None:
    async with open_database() as database:
        for jid in (ANNA, BERT):
            await create_account(database, jid, [STRONG], 1)
        assert await list_accounts(database, disabled=True) == []
        for now in (1234, 5678):
            await disable(database, ANNA, now)
    async with open_database() as database:
        anna, bert = await find_account(database, ANNA), await find_account(database, BERT)
        assert anna is not None
        assert bert is not None
        assert (anna.disabled, bert.disabled) == (1234, 0)
        assert anna.credentials == {"sha512": STRONG}
        assert await list_accounts(database, disabled=True) == [ANNA]
        assert await list_accounts(database, ANNA, disabled=True) == []
        assert await list_accounts(database) == [ANNA, BERT]
        with pytest.raises(AccountExists):
            await create_account(database, ANNA, [WEAK], 2)
        await enable(database, ANNA)
        anna = await find_account(database, ANNA)
        assert anna is not None
        assert anna.disabled == 0


async def test_the_last_login_is_the_newest_of_what_is_noted(open_database: Open) -> None:
    async with open_database() as database:
        assert await last_login(database, ANNA) == 0
        number = await create_account(database, ANNA, [STRONG], 1)
        assert await last_login(database, ANNA) == 0
        save_last_active(database, number, 77, "", 70)
        await database.journal.sync()
        assert await last_login(database, ANNA) == 70
        account = await find_account(database, ANNA)
        assert account is not None
        assert (account.last_active, account.last_login) == (77, 70)
        clients.use(database, number, "phone", 90)
        clients.use(database, number, "desk", 60)
        await database.journal.sync()
        assert await last_login(database, ANNA) == 90


async def test_nothing_of_a_deleted_account_is_left_to_its_successor(open_database: Open) -> None:
    async with open_database() as database:
        number = await create_account(database, ANNA, [STRONG], 1)
        await database.batch(save_item(number, Item(BERT, version=3)))
        await database.batch(save_request(number, BERT, b"<presence/>", 1))
        await save(database, number, ArchivePreferences("never"))
        save_delivered(database, number, 5)
        park(database, number, 4)
        await database.journal.sync()
        assert await delete_account(database, ANNA)
        assert await find_account(database, ANNA) is None
        for table in ("credential", "roster_item", "subscription_request", "archive_preference"):
            assert await database.fetch(f"SELECT * FROM {table}") == []
        successor = await create_account(database, ANNA, [], 2)
        assert successor != number
        assert (await load(database, successor)).items == []


async def test_one_more_key_is_for_that_account_alone(open_database: Open) -> None:
    async with open_database() as database:
        old = await create_account(database, ANNA, [], 1)
        await delete_account(database, ANNA)
        new = await create_account(database, ANNA, [], 2)
        keys = ScramKeys("sha256", 4096, b"salt", b"stored", b"server")
        await add_credentials(database, old, keys)
        assert await find_credentials(database, ANNA) == {}
        await add_credentials(database, new, keys)
        await add_credentials(database, new, keys)
        assert await find_credentials(database, ANNA) == {"sha256": keys}
