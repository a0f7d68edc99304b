"""One slixmpp client that can be waited for."""

import asyncio
import pathlib
from typing import Any

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError

from interop.capabilities import Situation

PATIENCE = 60.0


class Client(ClientXMPP):
    """Logs in with the server's own certificate as an extra trust, and keeps what arrives."""

    def __init__(self, jid: str, situation: Situation, *, direct_tls: bool = False) -> None:
        super().__init__(jid, situation.password)
        self.address = (situation.host, situation.c2s_tls if direct_tls else situation.c2s)
        self.ca_certs = pathlib.Path(situation.certificate)
        self.enable_direct_tls = direct_tls
        self.enable_starttls = not direct_tls
        self.enable_plaintext = False
        self.auto_authorize = None
        self.auto_subscribe = False
        for name in ("xep_0030", "xep_0198", "xep_0199", "xep_0203"):
            self.register_plugin(name)
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self.presences: asyncio.Queue[Any] = asyncio.Queue()
        self.add_event_handler("message", self.messages.put_nowait)
        for event in ("presence_available", "presence_unavailable", "presence_subscribe",
                      "presence_subscribed", "presence_unsubscribe",
                      "presence_unsubscribed"):  # fmt: skip
            self.add_event_handler(event, self.presences.put_nowait)

    async def login(self, *, presence: bool = True) -> "Client":
        """Connect, authenticate, bind; ask for the roster and become available."""
        self.connect(*self.address)
        await self.wait_until("session_start", PATIENCE)
        if presence:
            await self.get_roster()
            await self.appear()
        return self

    async def appear(self) -> None:
        """Become available, and say what the plugins want to know of contacts."""
        if "xep_0115" in self.plugin:
            await self["xep_0115"].update_caps(broadcast=False)
        self.send_presence()

    async def befriend(self, other: "Client") -> None:
        """Each sees the other's presence."""
        for asking, asked in ((self, other), (other, self)):
            asking.send_presence_subscription(asked.boundjid.bare)
            await asked.presence("subscribe", asking.boundjid.bare)
            asked.send_presence_subscription(asking.boundjid.bare, ptype="subscribed")
            await asking.presence("subscribed", asked.boundjid.bare)

    def news(self, event: str) -> "asyncio.Queue[Any]":
        """Where the events of this name arrive."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.add_event_handler(event, queue.put_nowait)
        return queue

    async def logout(self) -> None:
        await self.disconnect()

    @property
    def encrypted(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("cipher") is not None

    async def bodies(self, count: int) -> list[str]:
        """The bodies of the next messages, and of any that come uninvited right behind them."""
        return [message["body"] for message in await self.receive(count)]

    async def receive(self, count: int) -> list[Any]:
        """The next messages that have a body."""
        got: list[Any] = []
        while len(got) < count:
            message = await asyncio.wait_for(self.messages.get(), PATIENCE)
            if message["body"]:
                got.append(message)
        return got

    async def surplus(self) -> list[str]:
        """Bodies that arrived although nobody expects them; a round trip flushes them out."""
        await self["xep_0199"].ping(self.boundjid.domain, timeout=PATIENCE)
        waiting = [self.messages.get_nowait() for _ in range(self.messages.qsize())]
        return [message["body"] for message in waiting if message["body"]]

    async def presence(self, kind: str, sender: str) -> Any:
        """The next presence of this type from this bare address; others wait for their turn."""
        passed_over: list[Any] = []
        while True:
            presence = await asyncio.wait_for(self.presences.get(), PATIENCE)
            if presence["type"] == kind and presence["from"].bare == sender:
                break
            passed_over.append(presence)
        for other in passed_over:
            self.presences.put_nowait(other)
        return presence


def interested(jid: str, situation: Situation, *plugins: str) -> Client:
    """A client that wants to know what these plugins are for."""
    client = Client(jid, situation)
    for name in ("xep_0115", "xep_0163", *plugins):
        client.register_plugin(name)
    return client


async def both(situation: Situation, *plugins: str) -> tuple[Client, Client]:
    """Alice and bob, logged in."""
    alice, bob = (Client(jid, situation) for jid in (situation.alice, situation.bob))
    for client in (alice, bob):
        for name in plugins:
            client.register_plugin(name)
        await client.login()
    return alice, bob


async def is_refused(request: Any) -> bool:
    try:
        await request
    except IqError:
        return True
    return False
