"""SQLite connections and what is particular to SQLite's dialect and errors."""

import os
import re
import sqlite3
from contextlib import suppress
from functools import lru_cache

from server.storage.errors import Conflict, StorageUnavailable

DIALECT = {
    "IDENTITY": "INTEGER PRIMARY KEY AUTOINCREMENT",  # an account's number is never used again
    "BIGKEY": "INTEGER PRIMARY KEY",
    "BLOB": "BLOB",
    "CLUSTERED": "WITHOUT ROWID",
}

_PLACEHOLDER = re.compile(r"\$(\d+)")
# Errors of the disk or of the moment, as opposed to errors of a statement or of its arguments.
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_INTERRUPT,
    }
)


@lru_cache(maxsize=1024)
def translate(sql: str) -> str:
    """The statement with SQLite's `?1` in place of `$1`."""
    return _PLACEHOLDER.sub(r"?\1", sql)


def is_unavailable(error: Exception) -> bool:
    """Whether the database as a whole cannot write now, whatever the statement."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, MemoryError) or (code is not None and code & 0xFF in _UNAVAILABLE)


def as_storage_error(error: Exception) -> Exception:
    """The error in the words of the contract, if it has words for it."""
    if is_unavailable(error):
        return StorageUnavailable(str(error))
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(str(error))
    return error


def connect(path: str, *, cache_kib: int, busy_ms: int) -> sqlite3.Connection:
    """A connection that may pass between threads; transactions are begun by hand."""
    connection = sqlite3.connect(
        path,
        timeout=busy_ms / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    # Page cache reads instead of a memory map: mapped pages would count as our memory.
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def connect_writer(path: str) -> sqlite3.Connection:
    """The one connection that writes: WAL, every commit synced to disk."""
    # What is stored is nobody else's business; the log takes over the mode of the file.
    # (Only a file that is not there is touched: closing any other would drop SQLite's locks.)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = connect(path, cache_kib=4096, busy_ms=10_000)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Only a last resort, 64 MiB: ordinary checkpoints run beside the commits.
    connection.execute("PRAGMA wal_autocheckpoint = 16384")
    # After a storm the log shrinks again when it begins anew; below this it is reused in place.
    connection.execute("PRAGMA journal_size_limit = 33554432")
    return connection


def connect_reader(path: str, *, cache_kib: int) -> sqlite3.Connection:
    """A connection that only reads; each statement sees all that is durable when it begins."""
    connection = connect(path, cache_kib=cache_kib, busy_ms=1000)
    connection.execute("PRAGMA query_only = ON")
    return connection
