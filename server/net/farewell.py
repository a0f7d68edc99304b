"""The last moments of a connection whose peer may still be talking.

Who closes a socket with unread data in it resets the connection, and the reset can overtake our
last word: the error that would have told the peer why (`tcp(7)`; RFC 9112 §9.6 has the same for
HTTP). So our side is shut, and what still comes is thrown away for a while.
"""

from __future__ import annotations

import asyncio
from typing import Final

#: Seconds, and bytes, that a peer may go on before it is cut off.
PATIENCE: Final = 5.0
MOST: Final = 16 << 20


class Farewell(asyncio.Protocol):
    """Stands where the connection stood, and listens to nothing."""

    __slots__ = ("_connection", "_left", "_transport")

    def __init__(self, transport: asyncio.Transport, connection: asyncio.Protocol) -> None:
        """Everything has been written."""
        self._transport = transport
        self._connection = connection
        self._left = MOST
        transport.set_protocol(self)
        transport.write_eof()
        transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """It talks on."""
        self._left -= len(data)
        if self._left < 0:
            self._transport.abort()

    def eof_received(self) -> bool:
        """It has read our last word, or has nothing more to say: so we close."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """That was all."""
        self._connection.connection_lost(exc)

    def end(self) -> None:
        """It has had its time."""
        self._transport.close()
