"""A plain client on a TCP connection, that says what it is told and keeps what it hears."""

import asyncio
import contextlib
import itertools
import socket
from base64 import b64encode
from collections import deque

from lxml import etree

from server.element import Element

PATIENCE = 60.0
"""Seconds to wait for what must come, on a busy machine too."""

_SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
_BIND = "urn:ietf:params:xml:ns:xmpp-bind"
_SM = "urn:xmpp:sm:3"
_NUMBERS = itertools.count(1)


class Wire:
    """One connection; `inbox` has what came and was not taken yet."""

    def __init__(
        self, port: int, domain: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.domain = domain
        self._port = port
        self.inbox: deque[Element] = deque()
        self._reader = reader
        self._writer = writer
        self._is_bound = False
        self._is_managed = False
        self._ended = False
        self._restart()

    @classmethod
    async def open(cls, port: int, domain: str) -> "Wire":
        """Connect and open a stream."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = cls(port, domain, reader, writer)
        await wire._open_stream()
        return wire

    # -- getting in --

    async def register(self, name: str, password: str) -> None:
        """Make an account, if it is not there yet (XEP-0077 §3.1)."""
        fields = f"<username>{name}</username><password>{password}</password>"
        answer = await self._ask("set", f"<query xmlns='jabber:iq:register'>{fields}</query>")
        conflict = "{urn:ietf:params:xml:ns:xmpp-stanzas}conflict"
        done = answer.get("type") == "result" or answer.find(f"*/{conflict}") is not None
        assert done, etree.tostring(answer)

    async def authenticate(self, name: str, password: str) -> None:
        """Log in with PLAIN, in plain text."""
        token = b64encode(f"\0{name}\0{password}".encode()).decode()
        self._write(f"<auth xmlns='{_SASL}' mechanism='PLAIN'>{token}</auth>")
        answer = await self._next()
        assert answer.tag == f"{{{_SASL}}}success", etree.tostring(answer)
        self._restart()
        await self._open_stream()

    async def bind(self, resource: str) -> None:
        """Bind a resource (RFC 6120 §7)."""
        wish = f"<bind xmlns='{_BIND}'><resource>{resource}</resource></bind>"
        answer = await self._ask("set", wish)
        assert answer.get("type") == "result", etree.tostring(answer)
        self._is_bound = True

    async def _open_stream(self) -> None:
        self._write(
            f"<?xml version='1.0'?><stream:stream to='{self.domain}' xmlns='jabber:client'"
            " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        )
        features = await self._next()
        assert features.tag.endswith("}features"), etree.tostring(features)

    async def _ask(self, type_: str, payload: str) -> Element:
        self._write(f"<iq type='{type_}' id='ask'>{payload}</iq>")
        return await self._next()

    # -- being there --

    async def send(self, xml: str) -> None:
        """Send, and return when the server has taken it in."""
        self._write(xml)
        if f"<enable xmlns='{_SM}'" in xml:
            await self.wait()  # a ping now would be counted
        await self.sync()

    async def sync(self) -> None:
        """Return when all that the server had to say before has come.

        It is asked something, and answers in order. With stream management that is a request for
        an acknowledgement, which does not count as a stanza.
        """
        if not self._is_bound or self._ended:
            return
        name = f"sync{next(_NUMBERS)}"
        if self._is_managed:
            self._write(f"<r xmlns='{_SM}'/>")
        else:
            ping = "<ping xmlns='urn:xmpp:ping'/>"
            self._write(f"<iq type='get' id='{name}' to='{self.domain}'>{ping}</iq>")
        before, self.inbox = self.inbox, deque()
        while True:
            await self.wait()
            if not self.inbox:
                self._check_ended()
                break  # it has hung up instead
            element = self.inbox.popleft()
            is_answer = element.tag == f"{{{_SM}}}a" if self._is_managed else (
                element.get("id") == name
            )  # fmt: skip
            if is_answer:
                break
            before.append(element)
        self.inbox = before + self.inbox

    def _check_ended(self) -> None:
        assert self._ended, "the server does not answer"

    async def wait(self) -> None:
        """Wait until there is something in the inbox, or for long enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not self.inbox and not self._ended:
                    await self._read()

    async def close(self) -> None:
        """Say goodbye, and wait until the server has done so too."""
        if not self._ended:
            self._write("</stream:stream>")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while not self._ended:
                        await self._read()
        self._writer.close()

    async def leave(self) -> None:
        """Say goodbye and go."""
        if not self._ended:
            self._write("</stream:stream>")
        self._ended = True
        self._writer.close()

    async def lose(self) -> None:
        """Break the connection without a word, and return when the server must have noticed."""
        self._writer.transport.abort()
        self._ended = True
        for _ in range(2):  # whoever comes afterwards is served afterwards
            stranger = await Wire.open(self._port, self.domain)
            await stranger.leave()

    # -- the way of bytes --

    def _write(self, xml: str) -> None:
        self._writer.write(xml.encode())

    async def _next(self) -> Element:
        await self.wait()
        assert self.inbox, "the server said no more"
        return self.inbox.popleft()

    def _restart(self) -> None:
        self._parser = etree.XMLPullParser(events=("start", "end"))
        self._depth = 0

    async def _read(self) -> None:
        try:
            data = await self._reader.read(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._ended = True
            return
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            assert isinstance(element, Element)
            self._depth += 1 if event == "start" else -1
            if event == "end" and self._depth == 1:
                self._heard(element)
            elif event == "end" and self._depth == 0:
                self._ended = True

    def _heard(self, element: Element) -> None:
        if element.tag in (f"{{{_SM}}}enabled", f"{{{_SM}}}resumed"):
            self._is_managed = self._is_bound = True
        self.inbox.append(element)
