"""A port behind a reverse proxy: each connection begins with a header that tells the client.

The gate takes what comes first; when the header is complete it hands the transport to the
connection proper and is gone, so that ports without a proxy pay nothing for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from server import log
from server.net import proxy_header
from server.net.peers import peer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.net.tcp import Connection

_log = log.get(__name__)


class ProxyGate(asyncio.Protocol):
    """Stands before a connection until the proxy has said who it is."""

    __slots__ = ("_data", "_make", "_patience", "_timer", "_transport")

    def __init__(self, make: Callable[[], Connection], patience: float) -> None:
        """`make` gives the connection proper; `patience` is how long a header may take."""
        self._make = make
        self._patience = patience
        self._data = b""
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The proxy is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._refuse, "late")

    def data_received(self, data: bytes) -> None:
        """Bytes came: the header, or a part of it, or more."""
        if self._transport is None:
            return
        self._data += data
        header = proxy_header.read(self._data)
        if header is None:
            return
        if header.error:
            self._refuse(header.error)
        else:
            self._hand_over(header)

    def connection_lost(self, exc: Exception | None) -> None:
        """The proxy has gone."""
        self._end()

    def _hand_over(self, header: proxy_header.Header) -> None:
        transport = self._end()
        if transport is None:
            return
        connection = self._make()
        transport.set_protocol(connection)
        connection.begin(transport, header.peer)
        rest = self._data[header.length :]
        if rest:
            # The connection may have to wait: then something else stands for it.
            cast("asyncio.Protocol", transport.get_protocol()).data_received(rest)

    def _refuse(self, why: str) -> None:
        """Without a header nothing is known of the client, and nobody else should come here."""
        transport = self._end()
        if transport is not None:
            _log.warning("proxy.refused", peer=peer_of(transport), reason=why)
            transport.abort()

    def _end(self) -> asyncio.Transport | None:
        if self._timer is not None:
            self._timer.cancel()
        transport, self._transport = self._transport, None
        return transport
