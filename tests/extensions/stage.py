"""A server without a network: its users are bound directly and what they are sent is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from extensions.registry import ALL
from server import rooms
from server.config import Config, load
from server.element import Element
from server.errors import StreamError
from server.host import Host
from server.jid import JID
from server.server import Server
from server.session import Session
from server.stanza import Stanza, qualify
from server.storage import accounts
from server.storage.database import Database
from tests.harness.backend import opened
from tests.harness.clock import FakeClock
from tests.harness.entropy import SeededEntropy
from tests.harness.loop import settle

if TYPE_CHECKING:
    from server.net.certificates import CertificateStore

DOMAIN = "montague.example"


class FakeStream:
    """Keeps what a client is sent."""

    is_congested = False

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed: StreamError | None = None
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self, error: StreamError | None = None) -> None:
        self.closed = error
        self.is_closed = True


class Quiet:
    """Stands in for the presence service: nobody is told anything."""

    def ended(self, session: Session) -> None:
        session.presence = None

    def submit(self, session: Session, stanza: Stanza) -> None:
        pass

    def receive(self, account: object, stanza: Stanza) -> None:
        pass


class Client:
    """One bound resource, and what it hears."""

    def __init__(self, session: Session, stream: FakeStream) -> None:
        self.session = session
        self.stream = stream
        self._requests = 0

    @property
    def jid(self) -> JID:
        return self.session.jid

    def heard(self) -> list[Element]:
        """What has come since the last time, parsed."""
        written, self.stream.written = self.stream.written, []
        return [etree.fromstring(qualify(wire)) for wire in written]

    async def send(self, text: str) -> None:
        """Send a stanza written without a namespace."""
        element = etree.fromstring(qualify(text.encode()))
        element.set("from", self.jid)
        to = element.get("to")
        kind = etree.QName(element).localname
        stanza = Stanza(kind, element, None if to is None else JID.parse(to), self.jid)
        pending = self.session.host.submit(self.session, stanza)
        if pending is not None:
            await pending
        await settle()

    async def ask(self, type_: str, payload: str, to: str | None = None) -> Element:
        """The answer to a request; whatever came before it stays to be heard."""
        self._requests += 1
        address = "" if to is None else f" to='{to}'"
        await self.send(f"<iq type='{type_}' id='q{self._requests}'{address}>{payload}</iq>")
        answers = [w for w in self.stream.written if w.startswith(b"<iq ")]
        assert answers, f"no answer to {payload}"
        self.stream.written.remove(answers[-1])
        answer = etree.fromstring(qualify(answers[-1]))
        assert answer.get("id") == f"q{self._requests}"
        return answer


class Stage:
    """One server with every extension."""

    def __init__(self, server: Server, clock: FakeClock) -> None:
        self.server = server
        self.clock = clock

    @property
    def host(self) -> Host:
        return self.server.hosts[DOMAIN]

    async def account(self, name: str) -> JID:
        """Make an account nobody can log into."""
        jid = JID.parse(f"{name}@{DOMAIN}")
        await accounts.create_account(self.server.database, jid, (), 0)
        return jid

    async def login(self, name: str, resource: str, priority: int | None = 0) -> Client:
        """Bind a resource, available unless the priority is None."""
        jid = JID.parse(f"{name}@{DOMAIN}")
        account = await self.host.accounts.load(jid)
        if account is None:
            await self.account(name)
            account = await self.host.accounts.load(jid)
        assert account is not None
        stream = FakeStream()
        session = self.server.sessions.bind(account, jid.with_resource(resource), stream)
        if priority is not None:
            element = etree.fromstring("<presence xmlns='jabber:client'/>")
            session.presence = Stanza("presence", element, None, session.jid)
            session.priority = priority
            account.refresh_reach()
        return Client(session, stream)


@asynccontextmanager
async def open_stage(folder: Path, **sections: dict[str, Any]) -> AsyncIterator[Stage]:
    """A running server; `sections` change its configuration."""
    clock = FakeClock()
    overrides = {"server": {"domains": [DOMAIN], "data": str(folder)}, **sections}
    config: Config = load(rooms=rooms.sections(), overrides=overrides)
    async with (
        opened(folder, commit_interval=0, retry_interval=0) as database,
        _running(config, database, clock) as stage,
    ):
        yield stage


@asynccontextmanager
async def _running(config: Config, database: Database, clock: FakeClock) -> AsyncIterator[Stage]:
    server = Server(config, database, clock, SeededEntropy(), cast("CertificateStore", None))
    for host in server.hosts.values():
        host.presence = Quiet()  # type: ignore[assignment]
    for host in server.hosts.values():
        await host.start(ALL)
    try:
        yield Stage(server, clock)
    finally:
        for host in server.hosts.values():
            await host.stop()
        await server.tasks.close()


def condition(answer: Element) -> str:
    """The condition of an error answer, or an empty text when it is a result."""
    error = answer.find("{jabber:client}error")
    if error is None:
        assert answer.get("type") == "result"
        return ""
    return str(etree.QName(error[0]).localname)
