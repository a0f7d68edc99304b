"""Where a connection waits for its turn, unread (see `turnstile.py`).

It takes the place of the connection as the transport's protocol: what came before reading could be
stopped is kept, and handed over at the end.
"""

from __future__ import annotations

import asyncio


class Anteroom(asyncio.Protocol):
    """Stands between a transport and the connection proper, for a while."""

    __slots__ = ("_connection", "_data", "_transport")

    def __init__(self, transport: asyncio.Transport, connection: asyncio.Protocol) -> None:
        self._transport = transport
        self._connection = connection
        self._data = b""
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """One read, and no further one."""
        self._data += data
        self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waited has gone."""
        self._connection.connection_lost(exc)

    def leave(self) -> None:
        """It is the connection's turn."""
        if self._transport.is_closing():
            return
        self._transport.set_protocol(self._connection)
        if self._data:
            self._transport.resume_reading()
            self._connection.data_received(self._data)
