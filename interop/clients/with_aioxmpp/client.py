"""One aioxmpp client that can be waited for."""

# mypy: ignore-errors
# (the library has no annotations)

import asyncio
import socket
from typing import Any

import aioxmpp
from aioxmpp.connector import STARTTLSConnector, XMPPOverTLSConnector
from aioxmpp.security_layer import PKIXCertificateVerifier

from interop.capabilities import Situation

PATIENCE = 60.0


class Client:
    """Logs in with the server's own certificate as an extra trust, and keeps what arrives."""

    def __init__(self, jid: str, situation: Situation, *, direct_tls: bool = False) -> None:
        port = situation.c2s_tls if direct_tls else situation.c2s
        connector = XMPPOverTLSConnector() if direct_tls else STARTTLSConnector()
        self.node = aioxmpp.PresenceManagedClient(
            aioxmpp.JID.fromstr(jid),
            _security(situation),
            override_peer=[(situation.host, port, connector)],
        )
        self.roster = self.node.summon(aioxmpp.RosterClient)
        self.presence = self.node.summon(aioxmpp.PresenceClient)
        self.receipts = self.node.summon(aioxmpp.DeliveryReceiptsService)
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self.node.summon(aioxmpp.dispatcher.SimpleMessageDispatcher).register_callback(
            None, None, self.messages.put_nowait
        )
        self._connected = self.node.connected(
            presence=aioxmpp.PresenceState(aioxmpp.PresenceShow.NONE)
        )

    @property
    def jid(self) -> Any:
        return self.node.local_jid

    @property
    def encrypted(self) -> bool:
        transport = self.node.stream._xmlstream.transport
        return transport.get_extra_info("sslcontext") is not None

    async def login(self) -> "Client":
        """Connect, authenticate, bind, fetch the roster, become available."""
        await asyncio.wait_for(self._connected.__aenter__(), PATIENCE)
        return self

    def cut(self) -> None:
        """Take the connection away below TLS and the stream, as a failing network does."""
        transport = self.node.stream._xmlstream.transport
        transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    async def logout(self) -> None:
        self.node.stop()

    async def befriend(self, other: "Client") -> None:
        """Each sees the other's presence."""
        for asking, asked in ((self, other), (other, self)):
            was_asked = fired(asked.roster.on_subscribe)
            saw = fired(asking.presence.on_available)
            asking.roster.subscribe(asked.jid.bare())
            await was_asked
            asked.roster.approve(asking.jid.bare())
            await saw

    async def say(self, to: Any, text: str) -> None:
        """Send a chat message."""
        await self.node.send(self.message(to, text))

    def message(self, to: Any, text: str) -> Any:
        """A chat message."""
        message = aioxmpp.Message(type_=aioxmpp.MessageType.CHAT, to=to)
        message.body[None] = text
        return message

    async def receive(self, count: int) -> list[Any]:
        """The next messages that have a body."""
        got: list[Any] = []
        while len(got) < count:
            message = await asyncio.wait_for(self.messages.get(), PATIENCE)
            if message.body:
                got.append(message)
        return got

    async def copies(self, count: int) -> list[Any]:
        """The next carbons."""
        got: list[Any] = []
        while len(got) < count:
            message = await asyncio.wait_for(self.messages.get(), PATIENCE)
            if message.xep0280_received or message.xep0280_sent:
                got.append(message)
        return got

    async def bodies(self, count: int) -> list[str]:
        return [message.body.any() for message in await self.receive(count)]

    async def surplus(self) -> list[str]:
        """Bodies that arrived although nobody expects them; a round trip flushes them out."""
        await self.ping()
        waiting = [self.messages.get_nowait() for _ in range(self.messages.qsize())]
        return [message.body.any() for message in waiting if message.body]

    async def ping(self) -> None:
        """A round trip to the server."""
        domain = self.jid.replace(localpart=None, resource=None)
        await asyncio.wait_for(aioxmpp.ping.ping(self.node, domain), PATIENCE)


async def is_refused(request: Any) -> bool:
    """Whether the answer is an error."""
    try:
        await request
    except aioxmpp.errors.XMPPError:
        return True
    return False


def fired(signal: Any, position: int = 0) -> "asyncio.Future[Any]":
    """An argument of a signal, the first unless said otherwise, once it fires."""
    future: asyncio.Future[Any] = asyncio.Future()

    def note(*arguments: Any, **_: Any) -> bool:
        if not future.done():
            future.set_result(arguments[position] if arguments else None)
        return True

    signal.connect(note)
    return asyncio.ensure_future(asyncio.wait_for(future, PATIENCE))


def _security(situation: Situation) -> Any:
    """Password, and TLS verified against the server's certificate."""

    class Verifier(PKIXCertificateVerifier):
        def setup_context(self, context: Any, transport: Any) -> None:
            super().setup_context(context, transport)
            context.load_verify_locations(situation.certificate)

    return aioxmpp.make_security_layer(situation.password)._replace(
        certificate_verifier_factory=Verifier
    )
