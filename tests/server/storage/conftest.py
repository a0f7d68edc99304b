"""Databases of every kind, for the contract and the stores."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from server.storage.database import Database
from server.storage.sqlite import SQLiteDatabase
from tests.harness import postgresql
from tests.harness.backend import backends

Open = Callable[[], AbstractAsyncContextManager[Database]]


@pytest.fixture
def open_database(tmp_path: Path) -> Open:
    """Opens the same database each time, on the back end of this run (`pytest --backend`)."""
    if backends.chosen == "postgresql":
        postgresql.need()
    url = ""

    async def make() -> Database:
        nonlocal url
        if backends.chosen == "sqlite":
            return SQLiteDatabase(tmp_path / "skerry.db", commit_interval=0, retry_interval=0)
        from server.storage.postgresql import PostgreSQLDatabase

        url = url or await backends.schema()
        return PostgreSQLDatabase(url, commit_interval=0, retry_interval=0)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Database]:
        database = await make()
        await database.start()
        try:
            yield database
        finally:
            await database.close()

    return opened
