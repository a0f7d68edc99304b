"""A database whose disk can be slow, or full, when a test wants it to be."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
from typing import TYPE_CHECKING, Final

from server.storage.batch import Outcome
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.sqlite import SQLiteDatabase
from tests.harness.backend import ReusedPostgreSQL, backends

if TYPE_CHECKING:
    from pathlib import Path

    from server.storage.batch import Batch
    from server.storage.insert import Row


_MEMORY: Final = "/dev/shm"
_ENOUGH: Final = 1 << 30


class Hand:
    """A hand on the disk."""

    is_held = False
    is_full = False
    is_away = False
    """Nothing can be read, as if the server of the database had gone."""
    _held: Batch | None = None

    def hold(self) -> None:
        """Let nothing reach the disk until `release`."""
        self.is_held = True

    def release(self) -> None:
        """Go on with what waited."""
        self.is_held = False
        batch, self._held = self._held, None
        if batch is not None:
            self._commit(batch)

    def _commit(self, batch: Batch) -> None:
        raise NotImplementedError

    def _finished(self, batch: Batch, outcome: Outcome) -> None:
        raise NotImplementedError

    def _need(self) -> None:
        if self.is_away:
            raise StorageUnavailable("the database is away")

    def _passes(self, batch: Batch) -> bool:
        """Whether the batch may go to the disk now."""
        if self.is_held:
            self._held = batch  # the journal waits for one commit at a time
        elif self.is_full:
            outcome = Outcome(error=StorageError("database or disk is full"))
            asyncio.get_running_loop().call_soon(self._finished, batch, outcome)
        else:
            return True
        return False


class HeldSQLite(SQLiteDatabase, Hand):
    """SQLite, whose short reads are done before anybody can look."""

    reads = 0

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self._need()
        return await super().fetch(sql, *args)

    async def fetch_large(self, sql: str, *args: object) -> list[Row]:
        self._need()
        return await super().fetch_large(sql, *args)

    def _commit(self, batch: Batch) -> None:
        if self._passes(batch):
            super()._commit(batch)


class HeldPostgreSQL(ReusedPostgreSQL, Hand):
    """PostgreSQL, whose reads have to be waited for."""

    @property
    def reads(self) -> int:
        return self._readers.busy

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self._need()
        return await super().fetch(sql, *args)

    async def fetch_large(self, sql: str, *args: object) -> list[Row]:
        self._need()
        return await super().fetch_large(sql, *args)

    def _commit(self, batch: Batch) -> None:
        if self._passes(batch):
            super()._commit(batch)


HeldDatabase = HeldSQLite | HeldPostgreSQL


@functools.cache
def quick_place() -> str | None:
    """Where files wait for no disk, if this machine has that: a third of all time went there."""
    if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        return _MEMORY
    return None


async def held_database(folder: Path) -> HeldDatabase:
    """A database on the back end of this run, not started; it is empty unless `folder` knows it."""
    if backends.chosen == "sqlite":
        return HeldSQLite(folder / "house.db", commit_interval=0)
    known = folder / "house.url"
    is_used = False
    if not known.exists():
        url, is_used = await backends.take()
        known.write_text(url)
    database = HeldPostgreSQL(known.read_text(), commit_interval=0)
    database.is_used = is_used
    return database


def give_back(folder: Path) -> None:
    """Nobody needs the database of this folder any more."""
    known = folder / "house.url"
    if known.exists():
        backends.give_back(known.read_text())
