"""One commit in PostgreSQL: all rows and writes together, and apart when a row is impossible."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from server.storage.batch import Batch, Lane, Outcome, Write
from server.storage.errors import StorageError
from server.storage.insert import Insert, Row, Step
from server.storage.postgresql_bulk import Bulk, is_single
from server.storage.postgresql_connection import Connection, close
from server.storage.postgresql_dialect import as_storage_error, is_rolled_back, is_unavailable

# How often a transaction is tried that gives way to another process's.
_ATTEMPTS: Final = 5
_PROBE: Final = """INSERT INTO setting (name, value) VALUES ('probe', repeat('0', 8192))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""

# Rows of one origin, which are stored together or not at all.
Group = tuple[object, list[tuple[Insert, Row]]]


class Committer:
    """Stores batches over the write connection, one at a time."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        """`connect` makes the write connection; it is asked again when the old one is lost."""
        self._connect = connect
        self._connection: Connection = None
        self._bulk = Bulk()

    async def connected(self) -> Connection:
        """The write connection, made anew if it was lost."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    def drop(self) -> None:
        """Give the connection up, and with it whatever transaction is open."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await close(self._connection)

    async def commit(self, batch: Batch) -> Outcome:
        """Store the batch; whatever goes wrong is told in the outcome."""
        try:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return await self._attempt(batch)
                except Exception as error:
                    if not is_rolled_back(error):
                        raise
                    await self._roll_back()
            return await self._attempt(batch)
        except Exception as error:  # noqa: BLE001  the journal decides what becomes of it
            # Whatever state the connection is in, a new one has none.
            self.drop()
            failure = as_storage_error(error)
            if not isinstance(failure, StorageError):
                failure = StorageError(repr(error))
            failure.__cause__ = error
            return Outcome(error=failure)

    async def _attempt(self, batch: Batch) -> Outcome:
        connection = await self.connected()
        if batch.probe:
            await connection.execute(_PROBE)
        try:
            return await self._together(batch)
        except Exception as error:
            if is_unavailable(error) or connection.is_closed():
                raise
            await self._roll_back()
            return await self._apart(batch)

    async def _together(self, batch: Batch) -> Outcome:
        """Everything in bulk. Raises if a single row is impossible."""
        lanes = list(batch.lanes.values())
        if not batch.writes and is_single(lanes):
            await self._bulk.insert(self._connection, lanes)
            return Outcome()
        if not lanes and len(batch.writes) == 1 and len(batch.writes[0].steps) == 1:
            return Outcome(results=[await self._alone(batch.writes[0].steps[0])])
        await self._connection.execute("BEGIN")
        await self._insert(lanes)
        results = [await self._write(write) for write in batch.writes]
        await self._connection.execute("COMMIT")
        return Outcome(results=results)

    async def _insert(self, lanes: list[Lane]) -> None:
        if is_single(lanes):
            await self._bulk.insert(self._connection, lanes)
        else:
            for lane in lanes:
                await self._bulk.insert(self._connection, [lane])

    async def _apart(self, batch: Batch) -> Outcome:
        """Halve the rows until only the guilty are left; the rows of an origin stay together."""
        outcome = Outcome()
        await self._connection.execute("BEGIN")
        await self._halve(_groups(batch), outcome)
        outcome.results = [await self._write(write) for write in batch.writes]
        await self._connection.execute("COMMIT")
        return outcome

    async def _halve(self, groups: list[Group], outcome: Outcome) -> None:
        failure = await self._savepoint(lambda: self._insert(_lanes(groups)))
        if not isinstance(failure, Exception):
            return
        if len(groups) == 1:
            outcome.refused.append((groups[0][0], failure))
            return
        middle = len(groups) // 2
        await self._halve(groups[:middle], outcome)
        await self._halve(groups[middle:], outcome)

    async def _write(self, write: Write) -> list[Row] | Exception:
        """A general write in a savepoint: its failure is its own."""
        return await self._savepoint(lambda: self._steps(write.steps)) or []

    async def _alone(self, step: Step) -> list[Row] | Exception:
        """A write that is a whole commit needs no transaction but its own."""
        try:
            return await self._steps([step])
        except Exception as error:
            if is_unavailable(error) or self._connection.is_closed():
                raise
            return as_storage_error(error)

    async def _steps(self, steps: Sequence[Step]) -> list[Row]:
        """The rows of the last step."""
        rows: list[Row] = []
        for sql, args in steps:
            rows = await self._connection.fetch(sql, *args)
        return list(map(tuple, rows))

    async def _savepoint(
        self, work: Callable[[], Awaitable[list[Row] | None]]
    ) -> list[Row] | Exception | None:
        """All of the work or nothing. Raises only if nothing can be written."""
        execute = self._connection.execute
        await execute("SAVEPOINT write")
        try:
            rows = await work()
        except Exception as error:
            if is_unavailable(error) or self._connection.is_closed():
                raise
            await execute("ROLLBACK TO write; RELEASE write")
            return as_storage_error(error)
        await execute("RELEASE write")
        return rows

    async def _roll_back(self) -> None:
        if self._connection.is_in_transaction():
            await self._connection.execute("ROLLBACK")


def _groups(batch: Batch) -> list[Group]:
    """The rows of each origin, in the order of their first; rows without an origin stand alone."""
    groups: list[Group] = []
    known: dict[int, list[tuple[Insert, Row]]] = {}
    for insert, lane in batch.lanes.items():
        for row, origin in lane.pairs():
            rows = known.get(id(origin)) if origin is not None else None
            if rows is None:
                rows = known[id(origin)] = []
                groups.append((origin, rows))
            rows.append((insert, row))
    return groups


def _lanes(groups: list[Group]) -> list[Lane]:
    """The rows of some origins, sorted into lanes again."""
    lanes: dict[Insert, Lane] = {}
    for origin, rows in groups:
        for insert, row in rows:
            lane = lanes.get(insert)
            if lane is None:
                lane = lanes[insert] = Lane(insert)
            lane.add(row, origin)
    return list(lanes.values())
