"""Clients of an account and their tokens, as they are stored."""

from server.storage.clients import (
    CURRENT,
    NEW,
    ClientRow,
    TokenRow,
    count_up,
    dropping_tokens,
    find,
    forgetting,
    issuing,
    listing,
    promoting,
    save_progress,
    saving,
    use,
    write,
)
from server.storage.database import Database
from tests.server.storage.conftest import Open

PHONE = ClientRow("phone", "AwesomeXMPP", "Kiva's Phone", 1000, 1000, True, False)
LAPTOP = ClientRow("laptop", "", "", 2000, 2000, False, True)
TOKEN = TokenRow(NEW, "HT-SHA-256-NONE", b"\0nonce\xff", 1000, 9000)


async def test_a_client_comes_back_as_it_was(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE), saving(1, LAPTOP), saving(2, LAPTOP)])
        assert await find(database, 1, "phone") == PHONE
        assert await find(database, 1, "nobody") is None
        assert await find(database, 3, "phone") is None
        assert await listing(database, 1) == [PHONE, LAPTOP]


async def test_what_is_known_changes_but_not_when_it_began(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE)])
        changed = ClientRow("phone", "Other", "", 5000, 5000, True, True)
        await write(database, [saving(1, changed)])
        assert await find(database, 1, "phone") == ClientRow(
            "phone", "Other", "", 1000, 1000, True, True
        )


async def test_the_last_use(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE)])
        for now in (3000, 4000):
            use(database, 1, "phone", now)
        await database.journal.sync()
        found = await find(database, 1, "phone")
        assert found is not None
        assert (found.first_seen, found.last_seen) == (1000, 4000)


async def test_two_slots(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE), issuing(1, "phone", TOKEN)])
        assert await tokens(database) == (TOKEN,)
        await write(database, promoting(1, "phone"))
        current = TokenRow(CURRENT, TOKEN.mechanism, TOKEN.nonce, 1000, 9000)
        assert await tokens(database) == (current,)
        second = TokenRow(NEW, "HT-SHA-256-ENDP", b"second", 2000, 9500)
        await write(database, [issuing(1, "phone", second)])
        assert await tokens(database) == (current, second)
        third = TokenRow(NEW, "HT-SHA-256-ENDP", b"third", 3000, 9900)
        await write(database, [issuing(1, "phone", third)])
        assert await tokens(database) == (current, third)
        await write(database, promoting(1, "phone"))
        assert [token.nonce for token in await tokens(database)] == [b"third"]
        await write(database, [dropping_tokens(1, "phone")])
        assert await tokens(database) == ()


async def tokens(database: Database) -> tuple[TokenRow, ...]:
    found = await find(database, 1, "phone")
    assert found is not None
    return found.tokens


async def test_a_count_goes_up_only(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE), issuing(1, "phone", TOKEN)])
        assert await count_up(database, 1, "phone", TOKEN.nonce, 0)
        assert await count_up(database, 1, "phone", TOKEN.nonce, 7)
        assert not await count_up(database, 1, "phone", TOKEN.nonce, 7)
        assert not await count_up(database, 1, "phone", b"other", 8)
        assert not await count_up(database, 2, "phone", TOKEN.nonce, 8)
        assert (await tokens(database))[0].count == 7
        await write(database, [issuing(1, "phone", TOKEN)])
        assert (await tokens(database))[0].count == -1


async def test_nothing_is_left_of_a_client_that_is_forgotten(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE), saving(1, LAPTOP), issuing(1, "phone", TOKEN)])
        use(database, 1, "phone", 3000)
        save_progress(database, 1, "phone", 7, reads_archive=False)
        await write(database, forgetting(1, "phone"))
        assert await listing(database, 1) == [LAPTOP]
        for table in ("token", "client_use", "client_progress"):
            assert not await database.fetch(f"SELECT * FROM {table}")


async def test_progress_never_goes_back(open_database: Open) -> None:
    async with open_database() as database:
        await write(database, [saving(1, PHONE), saving(1, LAPTOP)])
        save_progress(database, 1, "phone", 7, reads_archive=True)
        await database.journal.sync()
        save_progress(database, 1, "phone", 5, reads_archive=False)
        await database.journal.sync()
        phone = await find(database, 1, "phone")
        laptop = await find(database, 1, "laptop")
        assert phone is not None
        assert laptop is not None
        assert (phone.cursor, phone.reads_archive) == (7, True)
        assert (laptop.cursor, laptop.reads_archive) == (0, False)
