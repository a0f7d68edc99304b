"""Databases of every kind, for the contract and the stores."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from server.storage.database import Database
from server.storage.sqlite import SQLiteDatabase

Open = Callable[[], AbstractAsyncContextManager[Database]]


@pytest.fixture(params=["sqlite"])
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the same database each time; a second driver becomes a second parameter."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Database]:
        database = SQLiteDatabase(tmp_path / "skerry.db", commit_interval=0, retry_interval=0)
        await database.start()
        try:
            yield database
        finally:
            await database.close()

    return opened
