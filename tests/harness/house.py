"""A whole server in the process of the test, and clients that talk to it in bytes.

    async def test_hello() -> None:
        async with House() as house:
            anna = await house.login("anna/balcony")      # makes the account, logs in, binds
            ben = await house.login("ben/garden")
            await anna.send("<message to='ben@example.org/garden'><body>hi</body></message>")
            await ben.expect("<message from='anna@example.org/balcony'><body>hi</body></message>")
            await ben.expect_nothing()

There are no sockets: a `Client` feeds a `ClientStream` and parses what that writes. The database is
a file in a temporary folder (with `pytest --backend postgresql` a schema of a throw-away server),
the clock stands still (`house.clock.advance(60)`), chance repeats itself. Nothing sleeps:
`house.settle()` returns when the server has nothing left to do.
"""

from __future__ import annotations

import asyncio
import functools
import tempfile
from base64 import b64encode
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from lxml import etree

from server.c2s.legacy_session import LegacySession
from server.c2s.stream import ClientStream
from server.config import load
from server.element import Element
from server.jid import JID
from server.net.certificates import CertificateStore
from server.presence.service import PresenceService
from server.rooms import sections
from server.roster.service import RosterService
from server.sasl.keys import HASHES, derive_credentials
from server.server import Server
from server.storage import accounts
from tests.harness.clock import EPOCH, FakeClock
from tests.harness.disk import HeldDatabase, give_back, held_database, quick_place
from tests.harness.entropy import SeededEntropy
from tests.harness.loop import settle
from tests.harness.patterns import difference, parse, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.extension import Extension
    from server.net.tls import TLSLayer
    from server.sasl.keys import ScramKeys
    from server.session import Session

DOMAIN: Final = "example.org"
PASSWORD: Final = "secret"
CORE: Final[tuple[type[Extension], ...]] = (RosterService, PresenceService, LegacySession)
PATIENCE: Final = 60.0
"""Seconds to wait for what never comes; a test that passes never waits so long."""

_UPTIME: Final = 1000.0
_SALT: Final = b"salt of all tests"


class House:
    """A server with its database. Use as `async with House() as house`.

    `extensions` are classes (the core alone by default: `server.rooms.extensions` names all);
    `config` holds overrides by section, such as `{"limits": {"max_roster_items": 3}}`.
    """

    def __init__(
        self, extensions: Sequence[type[Extension]] = CORE, *,
        domains: Sequence[str] = (DOMAIN,),
        config: Mapping[str, Mapping[str, object]] | None = None,
        certificates: CertificateStore | None = None,
    ) -> None:  # fmt: skip
        self._extensions = tuple(extensions)
        self._folder = tempfile.TemporaryDirectory(prefix="house-", dir=quick_place())
        # As on any machine that has run for a while: a time of zero means "never" in places.
        self.clock = FakeClock(EPOCH - _UPTIME)
        self.clock.advance(_UPTIME)
        self.entropy = SeededEntropy()
        self.clients: list[Client] = []
        overrides: dict[str, dict[str, object]] = {
            "server": {"domains": list(domains), "data": self._folder.name},
            "tls": {"require": False},
            "auth": {"scram_iterations": 4096},
        }
        for section, keys in (config or {}).items():
            overrides.setdefault(section, {}).update(keys)
        self.config = load(rooms=sections(), overrides=overrides, environ={})
        self.certificates = certificates or CertificateStore({})
        self.server: Server
        self.database: HeldDatabase
        self._broken: list[BaseException] = []

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().set_exception_handler(self._noticed)
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()
        give_back(Path(self._folder.name))
        self._folder.cleanup()
        assert not self._broken, self._broken

    def _noticed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A rule of the harness was broken where nobody waits for the outcome."""
        wrong = context.get("exception")
        if isinstance(wrong, AssertionError):
            self._broken.append(wrong)
        else:
            loop.default_exception_handler(context)

    async def _start(self) -> None:
        self.database = await held_database(Path(self._folder.name))
        await self.database.start()
        self.server = Server(
            self.config, self.database, self.clock, self.entropy, self.certificates
        )
        await self.server.start(self._extensions)

    async def _stop(self) -> None:
        self.database.release()
        ending = asyncio.ensure_future(self.server.stop())  # noqa: TID251  no owner but the test
        while not ending.done():
            await settle()
            self.clock.advance(0.1)
        ending.result()
        await self.database.close()

    async def restart(self) -> None:
        """Stop the server and start another one with the same database; all clients are gone."""
        await self._stop()
        self.clients.clear()
        await self._start()

    def extend(self, *extensions: type[Extension]) -> None:
        """Run these too, from the next restart on."""
        self._extensions += extensions

    # -- people --

    async def add_user(self, name: str, password: str = PASSWORD) -> JID:
        """Make an account, if there is none of this name; "anna" is anna@example.org."""
        jid = JID.parse(name if "@" in name else f"{name}@{self.server.default_domain}").bare
        if not await accounts.account_exists(self.database, jid):
            keys = _keys(password).values()
            await accounts.create_account(self.database, jid, keys, int(self.clock.utcnow() * 1000))
        return jid

    def connect(self) -> Client:
        """A connection on which nothing was said yet."""
        client = Client(self)
        self.clients.append(client)
        return client

    async def login(self, name: str, password: str = PASSWORD) -> Client:
        """Make the account if need be, log in and bind: "anna/balcony" is a device of anna's."""
        account, _, resource = name.partition("/")
        jid = await self.add_user(account, password)
        client = self.connect()
        await client.login(jid, resource or "device", password)
        return client

    async def online(self, name: str) -> Client:
        """Log in, ask for the roster, become available; what comes of that is taken in."""
        client = await self.login(name)
        await client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
        await client.send("<presence/>")
        client.take_all()
        return client

    # -- time --

    async def settle(self) -> None:
        """Wait until the server has nothing left to do but to wait for clients or the clock."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await settle()
                if not self.database.is_held:
                    await self.database.journal.sync()
                    await settle()
                # Whoever works in the background and does not sleep has something to do.
                if self.database.reads == 0 and len(self.server.tasks) <= self.clock.sleepers:
                    return


class Line:
    """The connection between a client and its stream, as the stream knows it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.peer = "192.0.2.1"
        self.congested = False
        self.is_open = True
        self.is_secure = False
        self.tls: TLSLayer | None = None
        self.pauses = 0

    def write(self, data: bytes) -> None:
        """The server says something."""
        assert self.is_open, f"written after the end: {data!r}"
        self._client.hear(data)

    def pause(self) -> None:
        """The server wants to hear nothing for a while."""
        self.pauses += 1

    def resume(self) -> None:
        """The server listens again."""
        self.pauses -= 1

    def start_tls(self, context: object) -> None:
        """There is no TLS in the process."""
        raise AssertionError("the house has no TLS")

    def close(self, *, hears_out: bool = False) -> None:
        """The server hangs up."""
        self.is_open = False


class Client:
    """One connection to the server, and what came over it.

    `inbox` has the elements that were not looked at yet, `said` all bytes since the beginning.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self.inbox: deque[Element] = deque()
        self.said = bytearray()
        self.jid = JID.of("nobody.invalid")
        self.stream: ClientStream
        self._start_parser()
        self._connect()

    # -- the way of bytes --

    def _connect(self) -> None:
        self.line = Line(self)
        self.stream = ClientStream(self._house.server, self.line)  # type: ignore[arg-type]

    def _start_parser(self) -> None:
        self._parser = etree.XMLPullParser(events=("start", "end"))
        self._depth = 0
        self.header: Element | None = None
        self.is_closed = False

    def hear(self, data: bytes) -> None:
        """The server said something."""
        self.said += data
        if self._depth == 1 and data.startswith(b"<?xml"):
            self._start_parser()  # a stream begins anew, after STARTTLS or SASL
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            assert isinstance(element, Element)
            if event == "start":
                self._depth += 1
                if self.header is None:
                    self.header = element
            else:
                self._depth -= 1
                if self._depth == 1:
                    self.inbox.append(element)
                elif self._depth == 0:
                    self.is_closed = True

    @property
    def session(self) -> Session:
        """The session of this client on the server."""
        assert self.stream.session is not None
        return self.stream.session

    # -- speaking --

    def say(self, xml: str | bytes) -> None:
        """Give the server some bytes, whole stanzas or not, and do not wait."""
        self.stream.receive(xml.encode() if isinstance(xml, str) else xml)

    async def send(self, xml: str | bytes) -> None:
        """Give the server some bytes and let it come to rest."""
        self.say(xml)
        await self._house.settle()

    async def open(self, domain: str = "") -> Element:
        """Send a stream header, again after authentication; gives the features."""
        self._start_parser()
        domain = domain or self._house.server.default_domain
        await self.send(
            f"<?xml version='1.0'?><stream:stream to='{domain}'"
            " xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        )
        return await self.expect("<stream:features/>")

    async def login(self, account: JID, resource: str, password: str = PASSWORD) -> None:
        """Log in with PLAIN and bind a resource."""
        await self.authenticate(account, password)
        await self.bind(resource)

    async def authenticate(self, account: JID, password: str = PASSWORD) -> None:
        """Log in with PLAIN."""
        await self.open(account.domain)
        token = b64encode(f"\0{account.local}\0{password}".encode()).decode()
        await self.send(
            f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>"
        )
        await self.expect("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        await self.open(account.domain)
        self.jid = account

    async def bind(self, resource: str) -> None:
        """Bind a resource (RFC 6120 §7)."""
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{}</bind>"
        wish = bind.format(f"<resource>{resource}</resource>")
        await self.send(f"<iq type='set' id='bind'>{wish}</iq>")
        self.jid = self.jid.with_resource(resource)
        await self.expect(
            f"<iq type='result' id='bind'>{bind.format(f'<jid>{self.jid}</jid>')}</iq>"
        )

    async def close(self) -> None:
        """Say goodbye (RFC 6120 §4.4)."""
        await self.send("</stream:stream>")
        self.vanish()

    def vanish(self) -> None:
        """The connection is gone without a word."""
        self.line.is_open = False
        self.stream.connection_lost("reset by peer")

    # -- listening --

    async def next(self) -> Element:
        """The next element that came, waiting for it if need be."""
        if not self.inbox:
            await self._house.settle()
        assert self.inbox, f"nothing more came to {self.jid}"
        return self.inbox.popleft()

    async def expect(self, pattern: str) -> Element:
        """The next element, which must be like `pattern` (see `tests/harness/patterns.py`)."""
        element = await self.next()
        wrong = difference(parse(pattern), element)
        assert not wrong, f"{wrong}\nexpected {pattern}\ngot      {show(element)}"
        return element

    async def expect_all(self, *patterns: str) -> list[Element]:
        """The next elements, one for each pattern, in any order."""
        elements = [await self.next() for _ in patterns]
        left, found = list(elements), []
        for pattern in patterns:
            match = next((e for e in left if not difference(parse(pattern), e)), None)
            shown = "\n         ".join(show(e) for e in left)
            assert match is not None, f"expected {pattern}\namong    {shown}"
            left.remove(match)
            found.append(match)
        return found

    async def expect_nothing(self) -> None:
        """Nothing more has come, and nothing will unless somebody does something."""
        await self._house.settle()
        assert not self.inbox, f"{self.jid} got {[show(element) for element in self.inbox]}"

    def take_all(self) -> list[Element]:
        """Everything that came and was not looked at."""
        taken = list(self.inbox)
        self.inbox.clear()
        return taken


@functools.cache
def _keys(password: str) -> dict[str, ScramKeys]:
    return derive_credentials(password, dict.fromkeys(HASHES, _SALT), 4096)
