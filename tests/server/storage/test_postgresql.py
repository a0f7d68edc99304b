"""The PostgreSQL driver when its server goes away, and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from server.eager import Rest, begin
from server.jid import JID
from server.storage.accounts import account_exists, create_account
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.journal import Journal
from server.storage.messages import MESSAGE, save_delivered, save_message
from server.storage.migrate import Migration
from server.storage.postgresql import PostgreSQLDatabase
from tests.harness import postgresql
from tests.harness.backend import backends

ANNA = JID.of("anna@example.org")
_KILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'skerry' AND pid <> pg_backend_pid()"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgresql.Cluster]:
    postgresql.need()
    cluster = postgresql.Cluster()
    yield cluster
    cluster.remove()


@asynccontextmanager
async def opened(url: str = "") -> AsyncIterator[PostgreSQLDatabase]:
    postgresql.need()
    url = url or await backends.schema()
    database = PostgreSQLDatabase(url, commit_interval=0, retry_interval=0.01)
    await database.start()
    # A failed commit is reported; here it is expected.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    try:
        yield database
    finally:
        await database.close()


async def kill_connections(database: PostgreSQLDatabase) -> None:
    """As a restart of the server does; the client notices when it next looks."""
    import asyncpg

    connection = await asyncpg.connect(database.url, server_settings={"application_name": "test"})
    await connection.execute(_KILL)
    await connection.close()


async def recovered(journal: Journal) -> None:
    while journal.failing:  # noqa: ASYNC110  it is tried again without anybody asking
        await asyncio.sleep(0.01)


async def test_idle_connections_that_were_lost_are_not_missed() -> None:
    async with opened() as database:
        await asyncio.gather(*(database.fetch("SELECT 1") for _ in range(4)))  # noqa: TID251
        await database.fetch_large("SELECT 1")
        await kill_connections(database)
        assert await database.fetch("SELECT 1") == [(1,)]
        assert await database.fetch_large("SELECT 1") == [(1,)]
        await create_account(database, ANNA, (), 1)
        assert await account_exists(database, ANNA)
        assert not database.journal.failing


async def test_a_server_that_goes_away_and_comes_back(cluster: postgresql.Cluster) -> None:
    async with opened(cluster.url) as database:
        journal, failed = database.journal, []
        journal.on_failed = lambda origins, error: failed.extend(origins)
        save_message(database, 1, b"before", "first")
        await journal.sync()
        cluster.stop()
        save_message(database, 2, b"lost", "second")
        save_delivered(database, 7, 1)
        with pytest.raises(StorageUnavailable):
            await journal.sync()
        assert journal.failing
        assert failed == ["second"]
        assert journal.durable == 1
        with pytest.raises(StorageUnavailable):
            await database.fetch("SELECT id FROM message")
        with pytest.raises(StorageUnavailable):
            await database.execute("DELETE FROM message")
        cluster.start()
        await recovered(journal)
        save_message(database, 3, b"after", "third")
        await journal.sync()
        assert journal.durable == journal.last
        assert await database.fetch("SELECT id FROM message ORDER BY id") == [(1,), (3,)]
        # What was to be tried again was.
        assert await database.fetch("SELECT cursor FROM delivered") == [(1,)]


async def test_reads_take_turns() -> None:
    async with opened() as database:
        reads = [database.fetch("SELECT pg_sleep(0.01), $1::bigint", n) for n in range(20)]
        rows = await asyncio.gather(*reads)  # noqa: TID251
        assert [row[0][1] for row in rows] == list(range(20))
        found = await database.fetch(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'skerry'"
            " AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
        )
        assert found[0][0] < 20


async def test_a_read_that_is_given_up_harms_no_other() -> None:
    async with opened() as database:
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(database.fetch("SELECT pg_sleep(10)"), 0.01)
        assert await database.fetch("SELECT 1") == [(1,)]


async def test_a_wrong_statement_is_no_outage() -> None:
    async with opened() as database:
        for sql, args in (("no such", ()), ("SELECT $1::int", ()), ("SELECT $1::int", ("x",))):
            with pytest.raises(Exception) as caught:
                await database.fetch(sql, *args)
            assert not isinstance(caught.value, StorageError)
        assert await database.fetch("SELECT 1") == [(1,)]


async def test_two_servers_bring_the_tables_up_to_date_one_after_the_other() -> None:
    postgresql.need()
    url = await backends.schema()
    databases = [PostgreSQLDatabase(url) for _ in range(4)]
    await asyncio.gather(*(database.start() for database in databases))  # noqa: TID251
    song = Migration(1, 1, "CREATE TABLE song (id $BIGKEY, name TEXT NOT NULL)")
    await asyncio.gather(  # noqa: TID251
        *(database.migrate("songs", [song]) for database in databases)
    )
    for database in databases:
        await database.close()


async def test_commits_are_durable_even_if_the_server_does_not_think_so() -> None:
    postgresql.need()
    url = await backends.schema()
    async with opened(f"{url}&synchronous_commit=off") as database:
        assert await database.fetch("SHOW synchronous_commit") == [("on",)]


async def test_a_database_in_another_encoding_is_refused(cluster: postgresql.Cluster) -> None:
    import asyncpg

    connection = await asyncpg.connect(cluster.url)
    await connection.execute("CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    await connection.close()
    with pytest.raises(StorageError, match="encoded in LATIN1"):
        await PostgreSQLDatabase(cluster.url.replace("/postgres?", "/old?")).start()


async def test_text_is_compared_byte_by_byte() -> None:
    async with opened() as database:
        found = await database.fetch(
            "SELECT DISTINCT collation_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND data_type = 'text'"
        )
        assert found == [("C",)]


async def test_many_rows_in_one_commit() -> None:
    async with opened() as database:
        for number in range(5000):
            database.journal.append(MESSAGE, (number, b"x"), f"origin {number}")
        await database.journal.sync()
        assert await database.fetch("SELECT count(*) FROM message") == [(5000,)]


async def test_one_impossible_row_among_many() -> None:
    async with opened() as database:
        refused: list[object] = []
        database.journal.on_failed = lambda origins, error: refused.extend(origins)
        for number in range(2000):
            identifier = number if number not in (3, 1999) else 1 << 63
            save_message(database, identifier, b"x", f"origin {number}")
        await database.journal.sync()
        assert refused == ["origin 3", "origin 1999"]
        assert await database.fetch("SELECT count(*) FROM message") == [(1998,)]


async def test_reads_may_begin_outside_of_any_task() -> None:
    """As in `eager.begin` when bytes have come: there is no current task then."""
    async with opened() as database:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Rest | None] = loop.create_future()
        loop.call_soon(lambda: done.set_result(begin(database.fetch("SELECT 1"))))
        rest = await done
        assert rest is not None
        assert await rest == [(1,)]


async def test_closing_while_connections_are_opened() -> None:
    async with opened() as database:
        reads = [asyncio.ensure_future(database.fetch("SELECT 1")) for _ in range(6)]  # noqa: TID251
        await asyncio.sleep(0)
    for read in reads:
        read.cancel()
    await asyncio.wait(reads)
