"""PostgreSQL as one side of a copy."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from server.storage.copying import PORTION, Table
from server.storage.insert import Row
from server.storage.postgresql_connection import Connection, close, connect

# A portion of messages may take long to write; an index of all of them longer to read.
_PATIENCE: Final = 600.0
_COLUMNS = """SELECT c.relname::text, a.attname::text,
        COALESCE(array_position(i.indkey::int[], a.attnum::int), -1)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
    ORDER BY c.relname, a.attnum"""
_SEQUENCE = """SELECT pg_get_serial_sequence(quote_ident($1), a.attname::text)
    FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attidentity <> ''"""


class PostgreSQLSide:
    """A database on a server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection = None

    async def begin(self, *, writes: bool) -> None:
        """Connect; what is read is as it was at this moment."""
        self._connection = await connect(self._url, patience=_PATIENCE)
        # The other side may take its time between two portions.
        await self._connection.execute("SET idle_in_transaction_session_timeout = 0")
        self._transaction = self._connection.transaction(isolation="repeatable_read")
        await self._transaction.start()

    async def end(self, *, keep: bool) -> None:
        """Commit or undo, and disconnect."""
        try:
            if keep:
                await self._transaction.commit()
        finally:
            # Whatever is not committed is undone.
            await close(self._connection)

    async def tables(self) -> list[Table]:
        """All tables, by name."""
        found: dict[str, list[tuple[str, int]]] = {}
        for table, column, place in await self._connection.fetch(_COLUMNS):
            found.setdefault(table, []).append((column, place))
        return [_table(name, columns) for name, columns in found.items()]

    async def versions(self) -> dict[str, int]:
        """How far the tables of each room are."""
        return dict(await self._connection.fetch("SELECT room, version FROM migration"))

    async def count(self, table: Table) -> int:
        """How many rows there are."""
        return int(await self._connection.fetchval(f"SELECT count(*) FROM {table.name}"))

    async def read(self, table: Table) -> AsyncIterator[list[Row]]:
        """All rows in the order of their keys, by the portion."""
        statement = await self._connection.prepare(table.select)
        cursor = await statement.cursor()
        while rows := await cursor.fetch(PORTION):
            yield list(map(tuple, rows))

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows."""
        await self._connection.copy_records_to_table(
            table.name, records=rows, columns=table.columns
        )

    async def numbered(self, table: Table) -> int | None:
        """The highest number the table ever gave to a row, if it has given one."""
        sequence = await self._connection.fetchval(_SEQUENCE, table.name)
        if sequence is None:
            return None
        highest, was_used = await self._connection.fetchrow(
            f"SELECT last_value, is_called FROM {sequence}"
        )
        return int(highest) if was_used else None

    async def number_from(self, table: Table, highest: int) -> None:
        """Give higher numbers only from now on."""
        sequence = await self._connection.fetchval(_SEQUENCE, table.name)
        await self._connection.execute(f"SELECT setval('{sequence}', {highest})")


def _table(name: str, columns: list[tuple[str, int]]) -> Table:
    keys = sorted((place, column) for column, place in columns if place >= 0)
    return Table(name, tuple(column for column, _ in columns), tuple(column for _, column in keys))
