"""The PostgreSQL driver: one connection that writes, a few that read.

Every commit is one transaction, most of them one statement and one round trip. A connection that is
lost is made anew when it is next needed; until that works the journal is told that commits fail,
just as of a full disk. A commit during which the connection is lost counts as failed although the
server may have finished it: whoever sent it sends again, and nothing acknowledged is lost.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from server.storage.batch import Batch, Outcome
from server.storage.insert import Row, Step
from server.storage.journal import COMMIT_INTERVAL, RETRY_INTERVAL, Journal
from server.storage.migrate import CORE, FIND, LEDGER, RECORD, Migration, load, outstanding
from server.storage.postgresql_commit import Committer
from server.storage.postgresql_connection import Connection, Readers, check, connect
from server.storage.postgresql_dialect import as_storage_error, statements, with_plain_text
from server.tasks import Tasks

READERS: Final = 4
LARGE_READERS: Final = 2
WRITE_PATIENCE: Final = 10.0
READ_PATIENCE: Final = 10.0
LARGE_READ_PATIENCE: Final = 60.0
# A change of the schema may rewrite a table.
MIGRATION_PATIENCE: Final = 3600.0
# Two servers of ours that start at once bring the tables up to date one after the other.
_LOCK: Final = "SELECT pg_advisory_xact_lock(7355608)"


class PostgreSQLDatabase:
    """A database on a server. Made and used on the event loop's thread."""

    journal: Journal

    def __init__(
        self,
        url: str,
        *,
        commit_interval: float = COMMIT_INTERVAL,
        retry_interval: float = RETRY_INTERVAL,
    ) -> None:
        self.url = url
        self.commit_interval = commit_interval
        self._retry_interval = retry_interval

    async def start(self) -> None:
        """Connect, bring the core's tables up to date. Raises StorageError if that fails."""
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._committer = Committer(self._connect_writer)
        self._tasks = tasks = Tasks("postgresql")
        self._readers = Readers(self.url, tasks, size=READERS, patience=READ_PATIENCE)
        self._large = Readers(self.url, tasks, size=LARGE_READERS, patience=LARGE_READ_PATIENCE)
        try:
            await check(await self._committer.connected())
            await self._migrate(CORE, load())
        except BaseException:
            self._committer.drop()
            raise
        self._batches: asyncio.Queue[Batch] = asyncio.Queue()
        self.journal = Journal(
            self._commit,
            commit_interval=self.commit_interval,
            retry_interval=self._retry_interval,
        )
        self._tasks.spawn(self._work(), "writer")

    async def close(self) -> None:
        """Store everything that waits, then disconnect."""
        await self.journal.close()
        await self._readers.close()
        await self._large.close()
        await self._tasks.close()
        await self._committer.close()
        # Sockets are closed in the loop's next turn, which may be its last.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def migrate(self, room: str, migrations: Sequence[Migration]) -> None:
        """Bring the tables of one room up to date, under a lock that all servers share."""
        await self.journal.sync()
        await self._migrate(room, migrations)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """A short read."""
        return await self._readers.fetch(sql, args)

    async def fetch_large(self, sql: str, *args: object) -> list[Row]:
        """A read that may take a while, on connections that short reads need not wait for."""
        return await self._large.fetch(sql, args)

    async def execute(self, sql: str, *args: object) -> list[Row]:
        """One write, within the next commit."""
        return await self.journal.write([(sql, args)])

    async def batch(self, steps: Sequence[Step]) -> None:
        """Several writes, all or none, within the next commit."""
        await self.journal.write(steps)

    async def _connect_writer(self) -> Connection:
        return await connect(self.url, patience=WRITE_PATIENCE)

    def _commit(self, batch: Batch) -> None:
        """Hand a batch to the writer."""
        self._batches.put_nowait(batch)

    async def _work(self) -> None:
        """The writer: one batch after the other."""
        while True:
            batch = await self._batches.get()
            async with self._turn:
                outcome = await self._committer.commit(batch)
            self._finished(batch, outcome)

    def _finished(self, batch: Batch, outcome: Outcome) -> None:
        self.journal.finished(batch, outcome)

    async def _migrate(self, room: str, migrations: Sequence[Migration]) -> None:
        async with self._turn:
            connection = await self._committer.connected()
            try:
                await migrate(connection, room, migrations)
            except BaseException as error:
                # The transaction ends with its connection.
                self._committer.drop()
                if not isinstance(error, Exception):
                    raise
                failure = as_storage_error(error)
                if failure is error:
                    raise
                raise failure from error


async def migrate(connection: Connection, room: str, migrations: Sequence[Migration]) -> None:
    """Run what is outstanding for a room, in one transaction."""
    await connection.execute("BEGIN")
    await connection.fetch(_LOCK, timeout=MIGRATION_PATIENCE)
    await connection.execute(with_plain_text(LEDGER))
    found = [tuple(row) for row in await connection.fetch(FIND, room)]
    for migration in outstanding(room, migrations, found):
        for statement in statements(migration):
            await connection.execute(statement, timeout=MIGRATION_PATIENCE)
        await connection.fetch(RECORD, room, migration.version, migration.oldest)
    await connection.execute("COMMIT")
