"""Connections to PostgreSQL: made, checked, and lent to readers."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from server.storage.errors import StorageError, StorageUnavailable
from server.storage.insert import Row
from server.storage.postgresql_dialect import as_storage_error, is_unavailable
from server.tasks import Tasks

CONNECT_TIMEOUT: Final = 10.0
CLOSE_TIMEOUT: Final = 2.0
# asyncpg's type stubs are not part of it.
Connection = Any

_SETTINGS: Final = {
    "application_name": "skerry",
    # Compiling pays for long analyses only.
    "jit": "off",
    # The statements are written to go from key to key, which is all that SQLite can do. So no plan
    # depends on statistics that are old or missing, or reads a whole archive to sort it.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # A server that lost us in the middle of a transaction must not keep its locks.
    "idle_in_transaction_session_timeout": "60000",
}
# An acknowledgement waits for the disk, whatever the server's default; stricter ones stay.
_DURABLE: Final = """SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'"""
_ENCODING: Final = "SELECT current_setting('server_encoding')"


async def connect(url: str, *, patience: float) -> Connection:
    """A connection whose statements may take `patience` seconds. Raises StorageUnavailable."""
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_TIMEOUT, command_timeout=patience, server_settings=_SETTINGS
        )
        await _prepare(connection)
    except Exception as error:
        if is_unavailable(error) or isinstance(error, (asyncpg.InterfaceError, ValueError)):
            reason = str(error) or type(error).__name__
            raise StorageUnavailable(f"{place(url)} cannot be reached: {reason}") from error
        raise
    return connection


async def _prepare(connection: Connection) -> None:
    try:
        await connection.execute(_DURABLE)
    except BaseException:
        connection.terminate()
        raise


async def check(connection: Connection) -> None:
    """Whether the database can hold what we write. Raises StorageError."""
    encoding = await connection.fetchval(_ENCODING)
    if encoding != "UTF8":
        raise StorageError(
            f"the database is encoded in {encoding}; make one with ENCODING 'UTF8'"
            " (and TEMPLATE template0)"
        )


async def survey(url: str) -> tuple[str, bool]:
    """The server's version, and whether a commit reaches the disk. Raises StorageError."""
    connection = await connect(url, patience=CONNECT_TIMEOUT)
    try:
        await check(connection)
        version = await connection.fetchval("SHOW server_version")
        return str(version), await connection.fetchval("SHOW fsync") == "on"
    finally:
        await close(connection)


def place(url: str) -> str:
    """Where the database is, in words that may be shown: without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the PostgreSQL database"
    hosts = parts.netloc.rpartition("@")[2]
    return f"the PostgreSQL database {parts.path.lstrip('/')!r} at {hosts or 'this machine'}"


class _Lost(StorageUnavailable):
    """The connection was lost; another may do."""


class Readers:
    """A few connections for reads, opened when needed and lent to one read at a time."""

    def __init__(self, url: str, tasks: Tasks, *, size: int, patience: float) -> None:
        self._url = url
        self._tasks = tasks
        self._size = self._left = size
        self._patience = patience
        self._free: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._closed = False
        self.busy = 0
        """Reads that are under way or wait for a connection."""

    async def fetch(self, sql: str, args: tuple[object, ...]) -> list[Row]:
        """Read; again on another connection if one turns out to be dead."""
        self.busy += 1
        try:
            # All that are open may be dead; the one after them is new.
            for _ in range(self._size):
                with suppress(_Lost):
                    return await self._fetch(sql, args)
            return await self._fetch(sql, args)
        finally:
            self.busy -= 1

    async def _fetch(self, sql: str, args: tuple[object, ...]) -> list[Row]:
        connection = await self._take()
        try:
            return list(map(tuple, await connection.fetch(sql, *args)))
        except Exception as error:
            failure = as_storage_error(error)
            if isinstance(failure, StorageUnavailable):
                connection.terminate()
                # What took too long once would again.
                kind = StorageUnavailable if isinstance(error, TimeoutError) else _Lost
                raise kind(str(failure)) from error
            raise
        finally:
            self._give(connection)

    async def _take(self) -> Connection:
        while not self._free:
            if self._closed:
                raise StorageUnavailable("the database was closed")
            if self._left:
                self._left -= 1
                # A task of its own: the reader may be none, or may give up.
                opening = self._tasks.spawn(self._open(), "connect")
                self._opening.add(opening)
                opening.add_done_callback(self._opening.discard)
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._next()
                raise
        # The one used last: its caches are warm, and the others may stay idle.
        return self._free.pop()

    async def _open(self) -> None:
        """One more connection; if that fails, all who wait are told."""
        try:
            connection = await connect(self._url, patience=self._patience)
        except BaseException as error:
            self._left += 1
            failure = error if isinstance(error, StorageError) else StorageUnavailable(repr(error))
            self._fail(failure)
            if not isinstance(error, StorageError):
                raise
        else:
            self._free.append(connection)
            self._next()

    def _give(self, connection: Connection) -> None:
        if connection.is_closed() or self._closed:
            connection.terminate()
            self._left += 1
        else:
            self._free.append(connection)
        self._next()

    def _next(self) -> None:
        """Wake one who waits for a connection."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _fail(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_exception(error)

    async def close(self) -> None:
        """End all connections; reads that are under way fail or end by themselves."""
        self._closed = True
        if self._opening:
            await asyncio.wait(self._opening, timeout=CLOSE_TIMEOUT)
        while self._free:
            await close(self._free.pop())


async def close(connection: Connection) -> None:
    """End a connection, politely if that is possible."""
    try:
        await connection.close(timeout=CLOSE_TIMEOUT)
    except Exception:  # noqa: BLE001  it is gone either way
        connection.terminate()
