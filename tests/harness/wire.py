"""A client behind a real connection: the server's TCP and TLS layers, without a network.

The house needs certificates for it; the client does not check them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from server.c2s.stream import ClientStream
from server.net.contexts import client_context
from server.net.flusher import Flusher
from server.net.tcp import Connection
from server.net.tls import TLSLayer
from tests.harness.house import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from OpenSSL import SSL

    from server.net.tcp import Bucket
    from server.net.turnstile import Turnstile
    from tests.harness.house import House

STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


class Transport(asyncio.Transport):
    """What asyncio would give to a connection; hands all that is written to `heard`."""

    def __init__(self, heard: Callable[[bytes], None], peer: str = "192.0.2.1") -> None:
        super().__init__({"peername": (peer, 50_000)})
        self._heard = heard
        self.resumed = asyncio.Event()
        self.resumed.set()
        self.protocol: asyncio.BaseProtocol = asyncio.Protocol()
        self.ended = False
        self.was_aborted = False
        self.unread = 0  # bytes that the peer has not taken

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.ended, f"written after the end: {bytes(data)!r}"
        self._heard(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_reading(self) -> bool:
        return self.resumed.is_set()

    def pause_reading(self) -> None:
        self.resumed.clear()

    def resume_reading(self) -> None:
        self.resumed.set()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def is_closing(self) -> bool:
        return self.ended

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = self.was_aborted = True


class WireClient(Client):
    """Speaks to the server through a `Connection`, in plain text or in TLS."""

    def __init__(
        self, house: House, *, direct: SSL.Context | None = None, bucket: Bucket | None = None,
        turnstile: Turnstile | None = None, output_limit: int = 1 << 20,
    ) -> None:  # fmt: skip
        """`direct`: the server's context, to begin with TLS at once."""
        self.tls: TLSLayer | None = None
        self.transport = Transport(self._arrived)
        self.connection = Connection(
            Flusher(asyncio.get_running_loop(), house.clock), self._receiver, output_limit,
            direct, bucket, turnstile,
        )  # fmt: skip
        super().__init__(house)
        if direct is not None:
            self._begin_tls()

    def _connect(self) -> None:
        self.line = self.connection  # type: ignore[assignment]  # what stands in for it elsewhere
        self.connection.connection_made(self.transport)

    def _receiver(self, connection: Connection) -> ClientStream:
        self.stream = ClientStream(self._house.server, connection)
        return self.stream

    @property
    def is_connected(self) -> bool:
        """Whether the server has not hung up."""
        return not self.transport.ended

    # -- the way of bytes --

    def say(self, xml: str | bytes) -> None:
        """Give the server some bytes, inside TLS if that has begun."""
        data = xml.encode() if isinstance(xml, str) else xml
        self.say_raw(self.tls.send(data) if self.tls is not None else data)

    def say_raw(self, data: bytes) -> None:
        """Give the server these very bytes."""
        self.connection.data_received(data)

    def _arrived(self, data: bytes) -> None:
        if self.tls is None:
            self.hear(data)
            return
        plain = self.tls.receive(data)
        if plain:
            self.hear(plain)
        self._answer()

    def _answer(self) -> None:
        assert self.tls is not None
        output = self.tls.pending_output()
        if output and not self.transport.ended:
            self.connection.data_received(output)

    def vanish(self) -> None:
        """The connection is gone without a word."""
        self.transport.ended = True
        self.connection.connection_lost(None)

    # -- TLS --

    async def start_tls(self) -> None:
        """Negotiate STARTTLS (RFC 6120 §5.4)."""
        await self.send(STARTTLS)
        await self.expect(PROCEED)
        await self.handshake()

    async def handshake(self) -> None:
        """Begin TLS, and let it come to its end."""
        self._begin_tls()
        self._start_parser()
        await self._house.settle()
        assert self.tls is not None
        assert self.tls.handshake_done, self.tls.error

    def _begin_tls(self) -> None:
        name = cast("str", self._house.server.default_domain)
        self.tls = TLSLayer(client_context(), name)
        self._answer()
