"""Rosters at rest, and what changed since a version."""

from hypothesis import given
from hypothesis import strategies as st

from server.jid import JID
from server.storage.accounts import create_account
from server.storage.database import Database
from server.storage.roster import (
    REMOVALS_KEPT,
    Changes,
    Item,
    Request,
    changes_since,
    estrange,
    load,
    remove_item,
    remove_request,
    save_item,
    save_request,
)
from tests.server.storage.conftest import Open

ANNA = JID.of("anna@example.org")
BERT = Item("bert@example.org", "Bert", "both", False, True, ("friends", "män"), 10)
CARL = Item("carl@example.org", subscription="none", ask=True, version=11)


async def owner(database: Database) -> int:
    return await create_account(database, ANNA, [], 1)


async def test_an_empty_roster(open_database: Open) -> None:
    async with open_database() as database:
        stored = await load(database, await owner(database))
        assert (stored.items, stored.requests, stored.version, stored.floor) == ([], [], 0, 0)


async def test_items_come_back_as_they_were(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        await database.batch([*save_item(account, BERT), *save_item(account, CARL)])
        stored = await load(database, account)
        assert sorted(stored.items) == [BERT, CARL]
        assert stored.version == 11


async def test_an_item_is_replaced(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        newer = BERT._replace(name="Bertram", version=12)
        await database.batch([*save_item(account, BERT), *save_item(account, newer)])
        assert (await load(database, account)).items == [newer]


async def test_only_changes_after_a_version_are_told(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        await database.batch([*save_item(account, BERT), *save_item(account, CARL)])
        await database.batch(remove_item(account, BERT.contact, 12))
        assert await changes_since(database, account, 10) == Changes([CARL], [(BERT.contact, 12)])
        assert await changes_since(database, account, 11) == Changes([], [(BERT.contact, 12)])
        assert await changes_since(database, account, 12) == Changes([], [])
        assert await changes_since(database, account, 13) is None
        assert await changes_since(database, account + 1, 0) is None


async def test_a_contact_that_returns_is_no_longer_removed(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        again = BERT._replace(version=13)
        await database.batch([*save_item(account, BERT), *remove_item(account, BERT.contact, 12)])
        await database.batch(save_item(account, again))
        assert await changes_since(database, account, 10) == Changes([again], [])


async def test_removals_are_forgotten_after_a_while(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        steps = []
        for version in range(1, REMOVALS_KEPT + 3):
            steps += remove_item(account, f"c{version}@example.org", version)
        await database.batch(steps)
        stored = await load(database, account)
        assert (stored.floor, stored.version) == (2, REMOVALS_KEPT + 2)
        assert await changes_since(database, account, 1) is None
        changes = await changes_since(database, account, 2)
        assert changes is not None
        assert len(changes.removed) == REMOVALS_KEPT


async def test_requests_keep_their_stanza_and_their_place(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        await database.batch(save_request(account, "b@example.org", b"<presence/>", 1))
        await database.batch(save_request(account, "a@example.org", b"<presence a=''/>", 2))
        await database.batch(save_request(account, "b@example.org", b"<presence b=''/>", 3))
        assert (await load(database, account)).requests == [
            Request("b@example.org", b"<presence b=''/>", 1),
            Request("a@example.org", b"<presence a=''/>", 2),
        ]
        await database.batch(remove_request(account, "b@example.org"))
        assert len((await load(database, account)).requests) == 1


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_any_group_survives_storage(group: str) -> None:
    args = save_item(1, Item("a@b", groups=(group,)))[0][1]
    assert args[6].encode()  # what is bound must be encodable


async def test_a_stranger_of_the_same_name_is_bound_to_nobody(open_database: Open) -> None:
    async with open_database() as database:
        account = await owner(database)
        await database.batch([*save_item(account, BERT), *save_item(account, CARL)])
        await database.batch(save_request(account, BERT.contact, b"<presence/>", 1))
        await estrange(database, BERT.contact)
        stored = await load(database, account)
        assert stored.items[0] == BERT._replace(subscription="none", approved=False)
        assert stored.items[1:] == [CARL]
        assert stored.requests == []
