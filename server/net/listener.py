"""Listening sockets, with a limit on connections from one address (XEP-0205 §3.2)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import Counter
from typing import TYPE_CHECKING

from server import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.config.address import Address

_log = log.get(__name__)


class CannotListen(Exception):
    """A port cannot be opened; the text tells the mend."""


class AddressBook:
    """How many connections each address has; IPv6 counts by /64: one person has that much."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: Counter[str] = Counter()

    def admit(self, peer: str) -> bool:
        """Whether one more connection from there is allowed; it is counted if so."""
        if not self._limit:
            return True
        key = subnet(peer)
        if self._open[key] >= self._limit:
            return False
        self._open[key] += 1
        return True

    def release(self, peer: str) -> None:
        """One of the connections that were admitted is gone."""
        if not self._limit:
            return
        key = subnet(peer)
        self._open[key] -= 1
        if self._open[key] <= 0:
            del self._open[key]


def subnet(address: str) -> str:
    """What counts as one place on the network."""
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address.partition("%")[0])
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))


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
