"""The contract that every driver keeps."""

import asyncio

import pytest

from server.storage.database import Database
from server.storage.errors import Conflict
from server.storage.insert import Insert
from server.storage.migrate import Migration, SchemaTooNew
from tests.server.storage.conftest import Open

TABLE = Migration(
    1,
    1,
    "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, value TEXT NOT NULL CHECK (value <> ''))",
)
THING = Insert("thing", ("id", "value"))
NEWEST = Insert(
    "thing", ("id", "value"), "(id) DO UPDATE SET value = excluded.value", retry=True, key=1
)
ADD = "INSERT INTO thing (id, value) VALUES ($1, $2)"
ALL = "SELECT id, value FROM thing ORDER BY id"


async def with_table(database: Database) -> Database:
    await database.migrate("things", [TABLE])
    return database


async def test_a_write_is_seen_by_every_kind_of_read(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        await database.execute(ADD, 1, "a")
        assert await database.fetch(ALL) == [(1, "a")]
        assert await database.fetch_large(ALL) == [(1, "a")]


async def test_placeholders_are_numbers(open_database: Open) -> None:
    async with open_database() as database:
        rows = await database.fetch("SELECT $2, $1, $2", "a", "b")
    assert rows == [("b", "a", "b")]


async def test_a_write_gives_what_it_returns(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        assert await database.execute(f"{ADD} RETURNING id", 7, "a") == [(7,)]


async def test_a_batch_is_all_or_nothing(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        with pytest.raises(Conflict):
            await database.batch([(ADD, (1, "a")), (ADD, (1, "again"))])
        assert await database.fetch(ALL) == []
        await database.batch([(ADD, (1, "a")), (ADD, (2, "b"))])
        assert len(await database.fetch(ALL)) == 2


async def test_a_failed_write_harms_nobody_else_in_its_commit(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        sequence = database.journal.append(THING, (1, "row"))
        good = database.journal.write([(ADD, (2, "good"))])
        bad = database.journal.write([(ADD, (3, "bad")), (ADD, (1, "taken"))])
        worse = database.journal.write([("no such statement", ())])
        after = database.journal.write([(ADD, (4, "after"))])
        await asyncio.wait([good, bad, worse, after])
        assert database.journal.durable >= sequence
        assert isinstance(bad.exception(), Conflict)
        assert worse.exception() is not None
        assert [row[0] for row in await database.fetch(ALL)] == [1, 2, 4]


async def test_writes_see_the_rows_that_were_appended_before(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        database.journal.append(THING, (1, "a"))
        assert await database.execute("UPDATE thing SET value = 'b' RETURNING id") == [(1,)]


@pytest.mark.parametrize("rows", [1, 2, 31, 32, 33, 255, 256, 600])
async def test_rows_are_on_disk_when_durable(open_database: Open, rows: int) -> None:
    async with open_database() as database:
        await with_table(database)
        sequence = 0
        for number in range(rows):
            sequence = database.journal.append(THING, (number, str(number)))
        done = asyncio.Event()
        database.journal.when_durable(sequence, done.set)
        await done.wait()
        expected = [(number, str(number)) for number in range(rows)]
        assert await database.fetch(ALL) == expected


async def test_rows_outlive_closing(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        for number in range(100):
            database.journal.append(THING, (number, "x"))
    async with open_database() as database:
        assert len(await database.fetch(ALL)) == 100


async def test_of_keyed_rows_the_newest_is_stored(open_database: Open) -> None:
    async with open_database() as database:
        await with_table(database)
        for number in range(10):
            database.journal.append(NEWEST, (number % 2, str(number)))
        await database.journal.sync()
        assert await database.fetch(ALL) == [(0, "8"), (1, "9")]


@pytest.mark.parametrize(
    "poison", [(5, ""), (5, None), (1 << 70, "x"), (5, object()), (5, "\ud800"), (0, "taken"), (5,)]
)
async def test_only_the_origin_of_an_impossible_row_fails(
    open_database: Open, poison: tuple[object, ...]
) -> None:
    async with open_database() as database:
        await with_table(database)
        failed: list[object] = []
        database.journal.on_failed = lambda origins, error: failed.extend(origins)
        database.journal.append(THING, (0, "innocent"), "innocent")
        database.journal.append(THING, (3, "accomplice"), "guilty")
        database.journal.append(THING, poison, "guilty")
        database.journal.append(THING, (4, "nobody's"))
        write = database.journal.write([(ADD, (9, "write"))])
        await database.journal.sync()
        await write
        assert failed == ["guilty"]
        assert not database.journal.failing
        assert [row[0] for row in await database.fetch(ALL)] == [0, 4, 9]


async def test_migrations_run_once_and_only_forward(open_database: Open) -> None:
    second = Migration(2, 2, "ALTER TABLE thing ADD COLUMN more TEXT")
    async with open_database() as database:
        await database.migrate("things", [TABLE])
        await database.migrate("things", [TABLE])
        await database.migrate("things", [TABLE, second])
        await database.fetch("SELECT more FROM thing")
        with pytest.raises(SchemaTooNew):
            await database.migrate("things", [TABLE])


async def test_a_failed_migration_leaves_nothing(open_database: Open) -> None:
    broken = Migration(1, 1, "CREATE TABLE half (id BIGINT); no such statement")
    async with open_database() as database:
        with pytest.raises(Exception, match="syntax"):
            await database.migrate("half", [broken])
        await database.migrate("half", [Migration(1, 1, "CREATE TABLE half (id BIGINT)")])
