"""SQLite's dialect and errors."""

import sqlite3
import stat
from pathlib import Path

import pytest

from server.storage.errors import Conflict, StorageUnavailable
from server.storage.sqlite_connection import (
    as_storage_error,
    connect_reader,
    connect_writer,
    is_unavailable,
    translate,
)


def sqlite_error(kind: type[sqlite3.Error], code: int) -> sqlite3.Error:
    error = kind("text")
    error.sqlite_errorcode = code
    return error


def test_placeholders_are_translated() -> None:
    assert translate("SELECT $1, $12") == "SELECT ?1, ?12"


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_BUSY_SNAPSHOT]
)
def test_errors_of_the_disk_concern_everybody(code: int) -> None:
    error = sqlite_error(sqlite3.OperationalError, code)
    assert is_unavailable(error)
    assert isinstance(as_storage_error(error), StorageUnavailable)


def test_errors_of_a_statement_concern_itself() -> None:
    error = sqlite_error(sqlite3.OperationalError, sqlite3.SQLITE_ERROR)
    assert not is_unavailable(error)
    assert as_storage_error(error) is error
    conflict = sqlite_error(sqlite3.IntegrityError, sqlite3.SQLITE_CONSTRAINT_UNIQUE)
    assert isinstance(as_storage_error(conflict), Conflict)
    assert not is_unavailable(OverflowError())


def test_every_commit_is_synced(tmp_path: Path) -> None:
    connection = connect_writer(str(tmp_path / "x.db"))
    assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    assert connection.execute("PRAGMA synchronous").fetchall() == [(2,)]
    connection.close()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    connection = connect_writer(str(path))
    connection.execute("CREATE TABLE t (id)")
    assert [stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()] == [0o600] * 3
    connection.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = str(tmp_path / "x.db")
    writer = connect_writer(path)
    writer.execute("CREATE TABLE t (id)")
    reader = connect_reader(path, cache_kib=100)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO t VALUES (1)")
    reader.close()
    writer.close()
