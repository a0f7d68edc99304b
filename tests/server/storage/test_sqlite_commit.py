"""Commits in SQLite: in bulk, apart, and not at all."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.storage.batch import Batch, lane_for
from server.storage.errors import StorageUnavailable
from server.storage.insert import Insert, Row
from server.storage.sqlite_commit import Committer
from server.storage.sqlite_connection import connect_writer

THING = Insert("thing", ("id", "value"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect_writer(str(tmp_path / "x.db"))
    connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, value)")
    connection.execute("CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT)")
    yield connection
    connection.close()


def batch_of(*rows: Row, probe: bool = False) -> Batch:
    lane = lane_for(THING)
    for row in rows:
        lane.add(row, row)
    return Batch({THING: lane}, [], len(rows), len(rows), 0, probe)


def ids(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT id FROM thing ORDER BY rowid")]


def test_many_rows_take_few_statements(connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    outcome = Committer(connection).commit(batch_of(*((number, b"") for number in range(135))))
    connection.set_trace_callback(None)
    assert outcome.error is None
    assert ids(connection) == list(range(135))
    # BEGIN, 128 + 7 rows, COMMIT
    assert len(statements) == 4


def test_a_full_disk_stores_nothing_and_recovers(connection: sqlite3.Connection) -> None:
    committer = Committer(connection)
    pages = connection.execute("PRAGMA page_count").fetchall()[0][0]
    connection.execute(f"PRAGMA max_page_count = {pages + 8}")
    big = batch_of((1, b"small"), (2, bytes(1 << 20)), probe=True)
    assert isinstance(committer.commit(big).error, StorageUnavailable)
    assert not connection.in_transaction
    assert ids(connection) == []
    connection.execute("PRAGMA max_page_count = 10000")
    assert committer.commit(big).error is None
    assert ids(connection) == [1, 2]


def test_a_full_disk_among_impossible_rows_stores_nothing(connection: sqlite3.Connection) -> None:
    pages = connection.execute("PRAGMA page_count").fetchall()[0][0]
    connection.execute(f"PRAGMA max_page_count = {pages + 8}")
    outcome = Committer(connection).commit(batch_of((1 << 70, b""), (2, bytes(1 << 20))))
    assert isinstance(outcome.error, StorageUnavailable)
    assert not connection.in_transaction


def test_a_locked_database_stores_nothing(connection: sqlite3.Connection, tmp_path: Path) -> None:
    connection.execute("PRAGMA busy_timeout = 0")
    other = connect_writer(str(tmp_path / "x.db"))
    other.execute("BEGIN IMMEDIATE")
    committer = Committer(connection)
    assert isinstance(committer.commit(batch_of((1, b""))).error, StorageUnavailable)
    other.execute("COMMIT")
    other.close()
    assert committer.commit(batch_of((1, b""))).error is None


def test_each_guilty_row_is_named_with_its_error(connection: sqlite3.Connection) -> None:
    outcome = Committer(connection).commit(batch_of((1, b""), (1, b"again"), (1 << 70, b"")))
    assert [origin for origin, _ in outcome.refused] == [(1, b"again"), (1 << 70, b"")]
    assert ids(connection) == [1]
