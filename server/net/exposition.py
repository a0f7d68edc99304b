"""Shows the meters to Prometheus: one small answer to any HTTP request for /metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from server import log
from server.net.listener import CannotListen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.config import Address
    from server.meters import Meters
    from server.tasks import Tasks

PATIENCE: Final = 10.0
LONGEST: Final = 8192
_CONTENT: Final = "text/plain; version=0.0.4; charset=utf-8"
_log = log.get(__name__)


class Exposition:
    """Listens where `metrics.listen` says; whoever reaches it may read, so not on the internet."""

    def __init__(self, meters: Meters, addresses: Sequence[Address], tasks: Tasks) -> None:
        self._meters = meters
        self._addresses = addresses
        self._tasks = tasks
        self._servers: list[asyncio.Server] = []

    @property
    def ports(self) -> list[int]:
        """The ports in use, also those that the system chose."""
        return [server.sockets[0].getsockname()[1] for server in self._servers]

    async def open(self) -> None:
        """Listen everywhere. Raises CannotListen."""
        for address in self._addresses:
            try:
                server = await asyncio.start_server(
                    self._accept, address.host, address.port, limit=LONGEST
                )
            except OSError as error:
                raise CannotListen(
                    f"cannot listen on {address} (metrics.listen): {error.strerror}"
                ) from error
            self._servers.append(server)
            _log.info("listener.opened", name="metrics", address=str(address))

    def close(self) -> None:
        """Accept no more."""
        for server in self._servers:
            server.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.spawn(self._serve(reader, writer), "metrics")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            _log.debug("metrics.hung_up")
        finally:
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        """The whole response to a request with this head."""
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", b"only GET\n")
        if path != b"/metrics":
            return _response("404 Not Found", b"look at /metrics\n")
        response = _response("200 OK", self._meters.render())
        return response if method == b"GET" else response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _response(status: str, body: bytes) -> bytes:
    """A response that ends the connection."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {_CONTENT}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
