"""Listening sockets."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from server import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.config.address import Address

_log = log.get(__name__)


class CannotListen(Exception):
    """A port cannot be opened; the text tells the mend."""


class Listener:
    """One listening socket."""

    def __init__(self, name: str, address: Address, make: Callable[[], asyncio.Protocol]) -> None:
        self.name = name
        self.address = address
        self._make = make
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port in use, also when the system chose it."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Listen. Raises CannotListen."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._make, sock=_bind(self.address), backlog=1024
            )
        except OSError as error:
            raise CannotListen(
                f"cannot listen on {self.address} ({self.name}): {error.strerror}."
                f" Is another server running there? Choose another port under [listen] in the"
                f" configuration."
            ) from error
        _log.info("listener.opened", name=self.name, address=str(self.address))

    def close(self) -> None:
        """Accept no more; open connections stay."""
        if self._server is not None:
            self._server.close()


def _has_ipv6() -> bool:
    """Whether this machine speaks IPv6 at all; containers often do not."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _bind(address: Address) -> socket.socket:
    host = address.host
    if host == "::" and not _has_ipv6():
        host = "0.0.0.0"  # noqa: S104 - "every address" was asked for
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        sock.bind((host, address.port))
    except OSError:
        sock.close()
        raise
    return sock
