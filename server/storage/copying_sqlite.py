"""SQLite as one side of a copy."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from server.storage.copying import PORTION, Table
from server.storage.insert import Row
from server.storage.sqlite_connection import connect

if TYPE_CHECKING:
    import sqlite3

_TABLES = """SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%'
    ESCAPE '!' ORDER BY name"""


class SQLiteSide:
    """A file. Nothing else happens in the process meanwhile, so its calls may block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection

    async def begin(self, *, writes: bool) -> None:
        """Open the file."""
        self._connection = connect(str(self._path), cache_kib=16384, busy_ms=10_000)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    async def end(self, *, keep: bool) -> None:
        """Commit or undo, and close."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT" if keep else "ROLLBACK")
        self._connection.close()

    async def tables(self) -> list[Table]:
        """All tables, by name."""
        return [self._table(name) for (name,) in self._connection.execute(_TABLES).fetchall()]

    def _table(self, name: str) -> Table:
        rows = self._connection.execute(f"PRAGMA table_info({name})").fetchall()
        keys = sorted((place, column) for _, column, _, _, _, place in rows if place)
        return Table(name, tuple(row[1] for row in rows), tuple(column for _, column in keys))

    async def versions(self) -> dict[str, int]:
        """How far the tables of each room are."""
        return dict(self._connection.execute("SELECT room, version FROM migration").fetchall())

    async def count(self, table: Table) -> int:
        """How many rows there are."""
        found = self._connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
        return int(found[0])

    async def read(self, table: Table) -> AsyncIterator[list[Row]]:
        """All rows in the order of their keys, by the portion."""
        cursor = self._connection.execute(table.select)
        while rows := cursor.fetchmany(PORTION):
            yield rows

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows."""
        places = ", ".join("?" * len(table.columns))
        columns = ", ".join(table.columns)
        self._connection.executemany(
            f"INSERT INTO {table.name} ({columns}) VALUES ({places})", rows
        )

    async def numbered(self, table: Table) -> int | None:
        """The highest number the table ever gave to a row, if it has given one."""
        found = self._connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)
        ).fetchone()
        return found and int(found[0])

    async def number_from(self, table: Table, highest: int) -> None:
        """Give higher numbers only from now on."""
        execute = self._connection.execute
        execute("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
        execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, highest))
