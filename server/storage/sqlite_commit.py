"""One commit in SQLite: all rows and writes together, and apart when a row is impossible."""

import sqlite3
from contextlib import suppress
from itertools import chain

from server.storage.batch import Batch, Outcome, Write
from server.storage.errors import StorageError
from server.storage.insert import Insert, Row, Step
from server.storage.sqlite_connection import as_storage_error, is_unavailable, translate

# Many rows in one statement. Each call into SQLite gives the interpreter's lock away and must wait
# for it again, up to a whole switch interval while the event loop is busy: what counts is how many
# calls there are. So: statements of up to 256 rows in steps of 32, and one for what is left.
_LARGEST = 256
_STEP = 32
_PROBE = """INSERT INTO setting (name, value) VALUES ('probe', hex(zeroblob(4096)))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


class Committer:
    """Stores batches over the write connection; lives in the writer's thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sql: dict[tuple[Insert, int], str] = {}

    def commit(self, batch: Batch) -> Outcome:
        """Store the batch; whatever goes wrong is told in the outcome."""
        try:
            try:
                return self._together(batch)
            except Exception as error:
                if is_unavailable(error):
                    raise
                self._rollback()
                return self._apart(batch)
        except Exception as error:  # noqa: BLE001  the journal decides what becomes of it
            with suppress(sqlite3.Error):  # the next commit tries again
                self._rollback()
            failure = as_storage_error(error)
            if not isinstance(failure, StorageError):
                failure = StorageError(repr(error))
            failure.__cause__ = error
            return Outcome(error=failure)

    def _together(self, batch: Batch) -> Outcome:
        """Everything in bulk. Raises if a single row is impossible."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        if batch.probe:
            execute(_PROBE)
        for insert, lane in batch.lanes.items():
            self._insert(insert, lane.rows)
        results = [self._write(write) for write in batch.writes]
        execute("COMMIT")
        return Outcome(results=results)

    def _insert(self, insert: Insert, rows: list[Row]) -> None:
        """Insert the rows with few calls."""
        cursor = self._connection.cursor()
        start, left = 0, len(rows)
        while left:
            size = left if left < _STEP else min(left - left % _STEP, _LARGEST)
            sql = self._sql.get((insert, size))
            if sql is None:
                sql = self._sql[insert, size] = insert.sql(size)
            # Unlike `execute` this does not stop to ask for the last row's number.
            cursor.executemany(sql, (tuple(chain.from_iterable(rows[start : start + size])),))
            start += size
            left -= size

    def _apart(self, batch: Batch) -> Outcome:
        """Row by row, the rows of each origin in a savepoint, so that only the guilty fail."""
        outcome = Outcome()
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for origin, steps in _by_origin(batch):
            result = self._savepoint(steps)
            if isinstance(result, Exception):
                outcome.refused.append((origin, result))
        outcome.results = [self._write(write) for write in batch.writes]
        execute("COMMIT")
        return outcome

    def _write(self, write: Write) -> list[Row] | Exception:
        """A general write in a savepoint: its failure is its own."""
        return self._savepoint([(translate(sql), args) for sql, args in write.steps])

    def _savepoint(self, steps: list[Step]) -> list[Row] | Exception:
        """All steps or none; the rows of the last one. Raises only if nothing can be written."""
        execute = self._connection.execute
        execute("SAVEPOINT write")
        try:
            rows: list[Row] = []
            for sql, args in steps:
                rows = execute(sql, args).fetchall()
        except Exception as error:
            if is_unavailable(error) or not self._connection.in_transaction:
                raise
            execute("ROLLBACK TO write")
            execute("RELEASE write")
            return as_storage_error(error)
        execute("RELEASE write")
        return rows

    def _rollback(self) -> None:
        # A full disk rolls back by itself; a second attempt would be an error.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _by_origin(batch: Batch) -> list[tuple[object, list[Step]]]:
    """The rows as single inserts, those of one origin together; rows without one stand alone."""
    groups: list[tuple[object, list[Step]]] = []
    known: dict[int, list[Step]] = {}
    for insert, lane in batch.lanes.items():
        sql = insert.sql(1)
        for row, origin in lane.pairs():
            if origin is None:
                groups.append((None, [(sql, row)]))
            elif id(origin) in known:
                known[id(origin)].append((sql, row))
            else:
                steps = known[id(origin)] = [(sql, row)]
                groups.append((origin, steps))
    return groups
