"""Connections to PostgreSQL: made, checked, and lent to readers."""

import asyncio
from collections import deque
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from server.storage.errors import StorageError, StorageUnavailable
from server.storage.insert import Row
from server.storage.postgresql_dialect import as_storage_error, is_unavailable

CONNECT_TIMEOUT: Final = 10.0
# asyncpg's type stubs are not part of it.
Connection = Any

_SETTINGS: Final = {
    "application_name": "skerry",
    # Compiling pays for long analyses only.
    "jit": "off",
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
        await connection.execute(_DURABLE)
    except Exception as error:
        if is_unavailable(error) or isinstance(error, (asyncpg.InterfaceError, ValueError)):
            reason = str(error) or type(error).__name__
            raise StorageUnavailable(f"{place(url)} cannot be reached: {reason}") from error
        raise
    return connection


async def check(connection: Connection) -> None:
    """Whether the database can hold what we write. Raises StorageError."""
    encoding = await connection.fetchval(_ENCODING)
    if encoding != "UTF8":
        raise StorageError(
            f"the database is encoded in {encoding}; make one with ENCODING 'UTF8'"
            " (and TEMPLATE template0)"
        )


def place(url: str) -> str:
    """Where the database is, in words that may be shown: without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the PostgreSQL database"
    hosts = parts.netloc.rpartition("@")[2]
    return f"the PostgreSQL database {parts.path.lstrip('/')!r} at {hosts or 'this machine'}"


class Readers:
    """A few connections for reads, opened when needed and lent to one read at a time."""

    def __init__(self, url: str, *, size: int, patience: float) -> None:
        self._url = url
        self._left = size
        self._patience = patience
        self._free: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self.busy = 0
        """Reads that are under way or wait for a connection."""

    async def fetch(self, sql: str, args: tuple[object, ...]) -> list[Row]:
        """Read; once more on a new connection if an old one turns out to be dead."""
        self.busy += 1
        try:
            for _ in range(self._left + len(self._free) + 1):
                connection, is_new = await self._take()
                try:
                    return list(map(tuple, await connection.fetch(sql, *args)))
                except Exception as error:
                    if is_unavailable(error):
                        connection.terminate()
                        if not is_new and not isinstance(error, TimeoutError):
                            continue
                    raise as_storage_error(error) from error
                finally:
                    self._give(connection)
            raise StorageUnavailable("the connection to PostgreSQL was lost again and again")
        finally:
            self.busy -= 1

    async def _take(self) -> tuple[Connection, bool]:
        """A connection, and whether it is new."""
        while not self._free and not self._left:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next()
                raise
        if self._free:
            # The one used last: its caches are warm, and the others may stay idle.
            return self._free.pop(), False
        if self._closed:
            raise StorageUnavailable("the database was closed")
        self._left -= 1
        try:
            return await connect(self._url, patience=self._patience), True
        except BaseException:
            self._left += 1
            self._next()
            raise

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

    async def close(self) -> None:
        """End all connections; reads that are under way fail or end by themselves."""
        self._closed = True
        while self._free:
            await close(self._free.pop())


async def close(connection: Connection) -> None:
    """End a connection, politely if that is possible."""
    try:
        await connection.close(timeout=2)
    except Exception:  # noqa: BLE001  it is gone either way
        connection.terminate()
