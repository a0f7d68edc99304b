"""A small XMPP client with stream management (XEP-0198), for real sockets.

    client = await Client.login(port, "anna", "balcony")      # connects, authenticates, binds
    await client.enable()                                     # counts from here on
    await client.send("<message to='ben@localhost'><body>hi</body></message>")
    await client.until(lambda: client.unacknowledged == 0)

It takes notes of everything: `sent` with what the server has acknowledged, `received` with what
this client has acknowledged, and how much of that the server has certainly stored.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import deque
from typing import TYPE_CHECKING, Final, Self

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable

DOMAIN: Final = "localhost"
PASSWORD: Final = "secret"
PATIENCE: Final = 120.0
"""Seconds to wait for what must come; no test that passes waits so long, on a busy machine too."""

NS_SM: Final = "urn:xmpp:sm:3"
NS_STREAM: Final = "http://etherx.jabber.org/streams"
NS_BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"
_SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"
_KINDS: Final = frozenset(f"{{jabber:client}}{kind}" for kind in ("message", "presence", "iq"))

Element = etree._Element

#: Connections that tests have left open.
_OPEN: Final[set[asyncio.Transport]] = set()


class Client(asyncio.Protocol):
    """One connection, and what is known about it."""

    def __init__(self, port: int, local: str) -> None:
        self.port = port
        self.local = local
        self.jid = f"{local}@{DOMAIN}"
        self.resource = ""
        self.answers = True  # whether `<r/>` is answered
        self.resume_id = ""
        #: Texts of stanzas sent since `enable`, not acknowledged; with how many stanzas of the
        #: server's this client had acknowledged when it sent them.
        self.waiting: deque[tuple[str, int]] = deque()
        self.acknowledged = 0  # how many of ours the server has acknowledged
        self.handled = 0  # how many of the server's we have received
        self.confirmed = 0  # how many of those we have acknowledged
        self.certain = 0  # how many of those acknowledgements are surely on the server's disk
        self.received: list[Element] = []  # stanzas since `enable`
        self._bodies: list[str | None] = []  # of each of them
        self.other: list[Element] = []  # all else
        self.is_closed = False  # the server has closed the stream or the connection
        self._enabled = False
        self._numbers = 0
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    # -- coming --

    @classmethod
    async def login(cls, port: int, local: str, resource: str = "device", source: str = "") -> Self:
        """Connect, authenticate and bind."""
        client = cls(port, local)
        await client.connect(source)
        await client.authenticate()
        await client.bind(resource)
        return client

    @classmethod
    async def online(
        cls, port: int, local: str, resource: str = "device", source: str = ""
    ) -> Self:
        """The same with stream management, and available."""
        client = await cls.login(port, local, resource, source)
        await client.enable()
        await client.send("<presence/>")
        return client

    async def connect(self, source: str = "") -> None:
        """Open the connection, from one of this machine's own addresses if need be."""
        local = (source, 0) if source else None
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self.port, local_addr=local)
        self._open()
        await self.expect(f"{{{NS_STREAM}}}features")

    async def authenticate(self) -> None:
        """Log in with PLAIN."""
        token = b64encode(f"\0{self.local}\0{PASSWORD}".encode()).decode()
        self.write(f"<auth xmlns='{_SASL}' mechanism='PLAIN'>{token}</auth>")
        await self.expect(f"{{{_SASL}}}success")
        self._open()
        await self.expect(f"{{{NS_STREAM}}}features")

    async def bind(self, resource: str) -> None:
        """Bind a resource."""
        self.resource = resource
        wish = f"<bind xmlns='{NS_BIND}'><resource>{resource}</resource></bind>"
        self.write(f"<iq type='set' id='bind'>{wish}</iq>")
        await self.expect("{jabber:client}iq")

    async def enable(self) -> None:
        """Count from here on, and be allowed to resume."""
        self.write(f"<enable xmlns='{NS_SM}' resume='true'/>")
        enabled = await self.expect(f"{{{NS_SM}}}enabled")
        self.resume_id = enabled.get("id") or ""

    async def resume(self) -> bool:
        """Connect anew and go on with the session; unacknowledged stanzas are sent again."""
        await self.stop()
        await self.connect()
        await self.authenticate()
        before = len(self.other)
        self.confirmed = self.handled
        self.write(f"<resume xmlns='{NS_SM}' previd='{self.resume_id}' h='{self.handled}'/>")
        await self.until(lambda: len(self.other) > before)
        if self.other[before].tag != f"{{{NS_SM}}}resumed":
            return False
        for text, _ in self.waiting:
            self.write(text)
        return True

    def _open(self) -> None:
        self._parser = etree.XMLPullParser(events=("start", "end"))
        self._depth = 0
        self.write(
            f"<?xml version='1.0'?><stream:stream to='{DOMAIN}' xmlns='jabber:client'"
            f" xmlns:stream='{NS_STREAM}' version='1.0'>"
        )

    # -- going --

    async def stop(self) -> None:
        """Drop the connection without a word."""
        if self._transport is not None:
            self._transport.abort()
            await self.until(lambda: self._transport is None)

    async def goodbye(self) -> None:
        """End the session properly, after acknowledging what came."""
        self.acknowledge()
        self.write("</stream:stream>")
        await self.until(lambda: self.is_closed)
        await self.stop()

    # -- speaking --

    def write(self, data: str | bytes) -> None:
        """Write bytes as they are."""
        if self._transport is not None:
            self._transport.write(data.encode() if isinstance(data, str) else data)

    async def send(self, text: str) -> None:
        """Send a stanza, which counts."""
        if self._enabled:
            self.waiting.append((text, self.confirmed))
        self.write(text)
        await self._writable.wait()

    def ask(self) -> None:
        """Ask the server what it has handled."""
        self.write(f"<r xmlns='{NS_SM}'/>")

    def acknowledge(self) -> None:
        """Tell the server what came."""
        if self._enabled:
            self.confirmed = self.handled
            self.write(f"<a xmlns='{NS_SM}' h='{self.handled}'/>")

    async def settled(self) -> None:
        """Wait until the server has acknowledged everything."""
        self.ask()
        await self.until(lambda: not self.waiting)

    async def request(self, payload: str, type_: str = "get", to: str = "") -> Element:
        """Send a request and wait for its answer."""
        self._numbers += 1
        number = f"q{self._numbers}"
        start = len(self.received), len(self.other)
        address = f" to='{to}'" if to else ""
        await self.send(f"<iq type='{type_}' id='{number}'{address}>{payload}</iq>")

        def answer() -> Element | None:
            new = (*self.received[start[0] :], *self.other[start[1] :])
            return next((e for e in new if e.get("id") == number and e.tag.endswith("}iq")), None)

        await self.until(lambda: answer() is not None)
        found = answer()
        assert found is not None
        return found

    async def ping(self) -> float:
        """How many seconds the server takes to answer."""
        clock = asyncio.get_running_loop().time
        start = clock()
        answer = await self.request("<ping xmlns='urn:xmpp:ping'/>", to=DOMAIN)
        assert answer.get("type") == "result"
        return clock() - start

    # -- listening --

    async def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until something is true of this client."""
        async with asyncio.timeout(patience):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def expect(self, tag: str) -> Element:
        """The next element that is not counted, which must have this tag."""
        before = len(self.other)
        await self.until(lambda: len(self.other) > before or self.is_closed)
        assert len(self.other) > before, f"{self.jid}: closed instead of {tag}"
        element = self.other[before]
        assert element.tag == tag, etree.tostring(element)
        return element

    def bodies(self, start: int = 0, end: int | None = None) -> list[str]:
        """The texts of the messages received, but for errors."""
        return [body for body in self._bodies[start:end] if body is not None]

    def listen(self, reads: bool) -> None:
        """Read the socket, or stop doing so."""
        assert self._transport is not None
        if reads:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    # -- asyncio's side --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _OPEN.add(transport)
        self._writable.set()
        self.is_closed = False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            _OPEN.discard(self._transport)
        self._transport = None
        self._writable.set()
        self.is_closed = True
        self._changed.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            self._see(event, element)
        self._changed.set()

    def _see(self, event: str, element: object) -> None:
        assert isinstance(element, Element)
        if event == "start":
            self._depth += 1
            return
        self._depth -= 1
        if self._depth == 1:
            self._take(element)
        elif self._depth == 0:
            self.is_closed = True

    def _take(self, element: Element) -> None:
        if self._enabled and element.tag in _KINDS:
            self.handled += 1
            self.received.append(element)
            self._bodies.append(_body(element))
        elif element.tag == f"{{{NS_SM}}}r":
            if self.answers:
                self.acknowledge()
        elif element.tag in (f"{{{NS_SM}}}a", f"{{{NS_SM}}}resumed"):
            self._acknowledged(int(element.get("h") or ""))
            if element.tag.endswith("resumed"):
                self.other.append(element)
        else:
            self._enabled = self._enabled or element.tag == f"{{{NS_SM}}}enabled"
            self.other.append(element)
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)

    def _acknowledged(self, h: int) -> None:
        assert h - self.acknowledged <= len(self.waiting), "more was acknowledged than sent"
        while self.acknowledged < h:
            _, self.certain = self.waiting.popleft()
            self.acknowledged += 1


def _body(element: Element) -> str | None:
    if element.tag != "{jabber:client}message" or element.get("type") == "error":
        return None
    return element.findtext("{jabber:client}body") or ""


async def hang_up() -> None:
    """Drop all connections that are still there."""
    while _OPEN:
        _OPEN.pop().abort()
    await asyncio.sleep(0)  # their protocols are told in the next turn of the loop
