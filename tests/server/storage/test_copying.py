"""Moving from one kind of database to the other: nothing is lost, or nothing has happened."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from server.jid import JID
from server.storage.accounts import create_account, delete_account, find_account
from server.storage.copying import NotCopied, Side, Table, copy_all
from server.storage.copying_postgresql import PostgreSQLSide
from server.storage.copying_sqlite import SQLiteSide
from server.storage.database import Database
from server.storage.insert import Row
from server.storage.messages import save_entry, save_message
from server.storage.migrate import Migration
from server.storage.postgresql import PostgreSQLDatabase
from server.storage.sqlite import SQLiteDatabase
from tests.harness import postgresql
from tests.harness.backend import backends

ANNA, BEN, DORA = (JID.of(f"{name}@example.org") for name in ("anna", "ben", "dora"))


class Pair:
    """A file and a schema, each with its side of a copy."""

    def __init__(self, path: Path, url: str) -> None:
        self._path, self._url = path, url
        self.heard: list[tuple[str, int, int]] = []

    def file(self) -> tuple[Database, Side]:
        return SQLiteDatabase(self._path, commit_interval=0), SQLiteSide(self._path)

    def server(self) -> tuple[Database, Side]:
        return PostgreSQLDatabase(self._url, commit_interval=0), PostgreSQLSide(self._url)

    async def copy(self, source: Side, target: Side) -> dict[str, int]:
        return await copy_all(source, target, lambda *news: self.heard.append(news))


@pytest.fixture
def places(tmp_path: Path) -> Path:
    postgresql.need()
    return tmp_path / "skerry.sqlite"


async def pair(places: Path) -> Pair:
    return Pair(places, await backends.schema())


async def furnish(database: Database) -> None:
    """Two accounts, one that is gone, and more messages than fit into a portion."""
    await database.start()
    for jid in (ANNA, BEN, DORA):
        await create_account(database, jid, (), 1)
    await delete_account(database, DORA)
    for number in range(1, 4501):
        save_message(database, number, b"<message>\0\xff%d</message>" % number)
        save_entry(database, 1, number, BEN, "ü" * (number % 3), 7)
    await database.close()


async def empty(database: Database) -> None:
    await database.start()
    await database.close()


@pytest.mark.parametrize("way", ["there", "back"])
async def test_everything_arrives(places: Path, way: str) -> None:
    both = await pair(places)
    ends = [both.file(), both.server()]
    (source, here), (target, there) = ends if way == "there" else reversed(ends)
    await furnish(source)
    await empty(target)
    counts = await both.copy(here, there)
    assert {name: count for name, count in counts.items() if count} == {
        "account": 2, "archive": 4500, "departed": 1, "message": 4500,
    }  # fmt: skip
    assert both.heard[-1] == ("checking", 9003, 9003)
    await target.start()
    rows = await target.fetch_large("SELECT id, resource FROM archive ORDER BY id LIMIT 3")
    assert rows == [(1, "ü"), (2, "üü"), (3, "")]
    # A number is never used again, not even that of an account that is gone.
    assert await create_account(target, DORA, (), 1) == 4
    assert await find_account(target, ANNA)
    await target.close()


async def test_only_into_an_empty_database(places: Path) -> None:
    both = await pair(places)
    (source, here), (target, there) = both.file(), both.server()
    await furnish(source)
    await target.start()
    await create_account(target, ANNA, (), 1)
    await target.close()
    with pytest.raises(NotCopied, match="not empty, there are rows in 'account'"):
        await both.copy(here, there)


async def test_tables_of_another_version_are_not_guessed_at(places: Path) -> None:
    both = await pair(places)
    (source, here), (target, there) = both.file(), both.server()
    await empty(target)
    await source.start()
    await source.migrate("songs", [Migration(1, 1, "CREATE TABLE song (id $BIGKEY)")])
    await source.close()
    with pytest.raises(NotCopied, match="not of the same version"):
        await both.copy(here, there)


class Forgetful(PostgreSQLSide):
    """Loses a row now and then, or mixes up its bytes."""

    loses = True

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        if table.name == "message":
            rows = rows[1:] if self.loses else [(number, b"?") for number, _ in rows]
        await super().write(table, rows)


@pytest.mark.parametrize(("loses", "reason"), [(True, "4497 arrived"), (False, "not the same")])
async def test_what_does_not_arrive_whole_does_not_arrive(
    places: Path, loses: bool, reason: str
) -> None:
    both = await pair(places)
    (source, here), (target, _) = both.file(), both.server()
    await furnish(source)
    await empty(target)
    forgetful = Forgetful(target.url)  # type: ignore[attr-defined]
    forgetful.loses = loses
    with pytest.raises(NotCopied, match=reason):
        await both.copy(here, forgetful)
    await target.start()
    assert await target.fetch("SELECT count(*) FROM account") == [(0,)]
    await target.close()


async def test_a_row_that_cannot_be_there_is_told(places: Path) -> None:
    both = await pair(places)
    (source, here), (target, there) = both.file(), both.server()
    await empty(target)
    await source.start()
    await source.execute("INSERT INTO setting (name, value) VALUES ('a', $1)", "nul \0 inside")
    await source.close()
    with pytest.raises(NotCopied, match="'setting' cannot be copied"):
        await both.copy(here, there)
