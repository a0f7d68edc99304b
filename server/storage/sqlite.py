"""The SQLite driver: one thread that writes, reads beside it.

Short reads run on the event loop: an indexed look-up is cheaper than a hop to a thread. Large reads
and checkpoints have a thread of their own. No read transaction outlives its call, so every read
sees all that is durable.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from server.storage.batch import Batch, Outcome
from server.storage.insert import Row, Step
from server.storage.journal import COMMIT_INTERVAL, RETRY_INTERVAL, Journal
from server.storage.migrate import CORE, FIND, LEDGER, RECORD, Migration, load, outstanding
from server.storage.sqlite_commit import Committer
from server.storage.sqlite_connection import (
    DIALECT,
    connect_reader,
    connect_writer,
    translate,
)

# A checkpoint begins after so many commits or bytes; the log grows to a few MiB between two.
CHECKPOINT_COMMITS = 500
CHECKPOINT_SIZE = 4 << 20


class SQLiteDatabase:
    """A database in one file. Made and used on the event loop's thread."""

    journal: Journal

    def __init__(
        self,
        path: Path,
        *,
        commit_interval: float = COMMIT_INTERVAL,
        retry_interval: float = RETRY_INTERVAL,
    ) -> None:
        self.path = str(path)
        self.commit_interval = commit_interval
        self._retry_interval = retry_interval
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._commits = 0
        self._size = 0
        self._checkpointing = False

    async def start(self) -> None:
        """Open the file, bring the core's tables up to date, start the writer."""
        self._loop = asyncio.get_running_loop()
        self._writer = connect_writer(self.path)
        try:
            migrate(self._writer, CORE, load())
            self._reader = connect_reader(self.path, cache_kib=2048)
        except BaseException:
            self._writer.close()
            raise
        self._large: sqlite3.Connection | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sqlite-reader")
        self._committer = Committer(self._writer)
        self.journal = Journal(
            self._commit,
            commit_interval=self.commit_interval,
            retry_interval=self._retry_interval,
        )
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Store everything that waits, write the log back into the file, close."""
        await self.journal.close()
        self._jobs.put(None)
        await self._loop.run_in_executor(self._pool, self._thread.join)
        self._pool.shutdown()
        self._reader.close()
        if self._large is not None:
            self._large.close()
        # The last connection to close empties and removes the log.
        self._writer.close()

    async def migrate(self, room: str, migrations: Sequence[Migration]) -> None:
        """Bring the tables of one room up to date, on the writer's thread."""
        await self.journal.sync()
        done: asyncio.Future[None] = self._loop.create_future()

        def job() -> None:
            try:
                migrate(self._writer, room, migrations)
            except Exception as error:  # noqa: BLE001  it goes to the caller
                self._post(done.set_exception, error)
            else:
                self._post(done.set_result, None)

        self._jobs.put(job)
        await asyncio.shield(done)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """A short read, here and now."""
        return self._reader.execute(translate(sql), args).fetchall()

    async def fetch_large(self, sql: str, *args: object) -> list[Row]:
        """A read in the reader's thread."""
        return await self._loop.run_in_executor(self._pool, self._fetch_large, sql, args)

    async def execute(self, sql: str, *args: object) -> list[Row]:
        """One write, within the next commit."""
        return await self.journal.write([(sql, args)])

    async def batch(self, steps: Sequence[Step]) -> None:
        """Several writes, all or none, within the next commit."""
        await self.journal.write(steps)

    def _commit(self, batch: Batch) -> None:
        """Hand a batch to the writer."""

        def job() -> None:
            outcome = self._committer.commit(batch)
            self._post(self._finished, batch, outcome)

        self._jobs.put(job)

    def _work(self) -> None:
        """The writer's thread."""
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001  without this thread nothing is stored
                self._post(self._report, error)

    def _report(self, error: Exception) -> None:
        self._loop.call_exception_handler({"message": "the writer failed", "exception": error})

    def _post(self, callback: Callable[..., None], *args: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *args)

    def _finished(self, batch: Batch, outcome: Outcome) -> None:
        self.journal.finished(batch, outcome)
        self._commits += 1
        self._size += batch.size
        if not self._checkpointing and (
            self._commits >= CHECKPOINT_COMMITS or self._size >= CHECKPOINT_SIZE
        ):
            self._begin_checkpoint()

    def _begin_checkpoint(self) -> None:
        """Write most of the log back beside the commits, the little that is left between two.

        Only a checkpoint that catches up entirely lets the log begin anew, and beside a busy
        writer it never would.
        """
        self._checkpointing = True
        self._commits = self._size = 0
        beside = self._loop.run_in_executor(self._pool, self._checkpoint_beside)
        beside.add_done_callback(lambda _: self._jobs.put(self._checkpoint_rest))

    def _checkpoint_beside(self) -> None:
        self._large_connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _checkpoint_rest(self) -> None:
        try:
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            self._post(self._end_checkpoint)

    def _end_checkpoint(self) -> None:
        self._checkpointing = False

    def _fetch_large(self, sql: str, args: tuple[object, ...]) -> list[Row]:
        return self._large_connection().execute(translate(sql), args).fetchall()

    def _large_connection(self) -> sqlite3.Connection:
        """The connection of the reader's thread, opened when first needed."""
        if self._large is None:
            self._large = connect_reader(self.path, cache_kib=1024)
        return self._large


def migrate(connection: sqlite3.Connection, room: str, migrations: Sequence[Migration]) -> None:
    """Run what is outstanding for a room, in one transaction that keeps other processes out."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(LEDGER)
        found = connection.execute(translate(FIND), (room,)).fetchall()
        for migration in outstanding(room, migrations, found):
            for statement in migration.statements(DIALECT):
                connection.execute(statement)
            connection.execute(translate(RECORD), (room, migration.version, migration.oldest))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
