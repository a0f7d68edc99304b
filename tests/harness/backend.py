"""Which database the tests run on: `pytest --backend postgresql` changes it for all of them."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

import asyncpg

from server.storage.postgresql import PostgreSQLDatabase
from server.storage.sqlite import SQLiteDatabase
from tests.harness import postgresql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from server.storage.database import Database

Backend = Literal["sqlite", "postgresql"]
BACKENDS: Final[tuple[Backend, ...]] = ("sqlite", "postgresql")

_TABLES: Final = """SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() AND tablename <> 'migration'"""


def _schema(number: int) -> str:
    return f"skerry_test_{os.getpid()}_{number}"


class Backends:
    """The choice, and the PostgreSQL server behind it, started when first needed."""

    def __init__(self) -> None:
        self.chosen: Backend = "sqlite"
        self._cluster: postgresql.Cluster | None = None
        self._used: list[str] = []
        self._schemas = 0

    @property
    def url(self) -> str:
        """A PostgreSQL database for tests."""
        if named := os.environ.get(postgresql.ENVIRONMENT):
            return named
        if self._cluster is None:
            self._cluster = postgresql.Cluster()
        return self._cluster.url

    async def schema(self) -> str:
        """The address of an empty schema: a database of its own for who has no other."""
        postgresql.need()
        self._schemas += 1
        name = _schema(self._schemas)
        connection = await asyncpg.connect(self.url)
        await connection.execute(f"CREATE SCHEMA {name}")
        await connection.close()
        return f"{self.url}{'&' if '?' in self.url else '?'}search_path={name}"

    async def take(self) -> tuple[str, bool]:
        """A schema, and whether another test has used it: making one anew takes longer."""
        return (self._used.pop(), True) if self._used else (await self.schema(), False)

    def give_back(self, url: str) -> None:
        """The next test may have it."""
        self._used.append(url)

    def close(self) -> None:
        """No test needs anything any more."""
        if self._cluster is not None:
            self._cluster.remove()
            self._cluster = None
        elif self._schemas:
            asyncio.run(self._drop_schemas())

    async def _drop_schemas(self) -> None:
        """Leave a database that is not ours as it was."""
        connection = await asyncpg.connect(self.url)
        for number in range(1, self._schemas + 1):
            await connection.execute(f"DROP SCHEMA {_schema(number)} CASCADE")
        await connection.close()


class ReusedPostgreSQL(PostgreSQLDatabase):
    """PostgreSQL that begins by forgetting what another test has left, with few connections."""

    is_used = False

    async def start(self) -> None:
        await super().start()
        self._large = self._readers
        if self.is_used:
            connection = await self._committer.connected()
            names = [row[0] for row in await connection.fetch(_TABLES)]
            await connection.execute("; ".join(f"DELETE FROM {name}" for name in names))
            await connection.execute("ALTER TABLE account ALTER COLUMN id RESTART")


backends: Final = Backends()


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[Database]:
    """A started database that nobody else uses, on the back end of this run."""
    if backends.chosen == "postgresql":
        url, is_used = await backends.take()
        reused = ReusedPostgreSQL(url, **options)
        reused.is_used = is_used
        database: Database = reused
    else:
        database = SQLiteDatabase(folder / "skerry.sqlite", **options)
    await database.start()
    try:
        yield database
    finally:
        await database.close()
    if isinstance(database, ReusedPostgreSQL):
        backends.give_back(database.url)
