"""An app server, as the maker of a client has one, and telephones that sleep."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from extensions.carbons import Carbons
from extensions.commands import Commands
from extensions.csi import ClientState
from extensions.disco import Disco
from extensions.payloads import forms
from extensions.pubsub import PubSub
from extensions.push import Push
from server.extension import Extension, Wire
from server.jid import JID
from server.service import Service
from server.stanza import Stanza
from tests.harness.house import CORE, House
from tests.harness.patterns import parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable

    from extensions.payloads.forms import Form
    from server.account import Account
    from server.element import Element
    from server.errors import StanzaError
    from server.extension import Request
    from server.host import Host
    from server.session import Session
    from tests.harness.house import Client

NS = "urn:xmpp:push:0"
SM = "urn:xmpp:sm:3"
APP = "app.example.org"
NODE = "yxs32uqsflafdk3iuqo"
BODY = "<body>hi</body>"
CALL = "<propose xmlns='urn:xmpp:jingle-message:0' id='c1'/><store xmlns='urn:xmpp:hints'/>"
INVITE = "<invite xmlns='urn:xmpp:call-invites:0'><jingle sid='s'/></invite>"
PUBSUB = "http://jabber.org/protocol/pubsub"


class Notification(NamedTuple):
    """What came to the app server, and when."""

    at: float
    node: str
    fields: dict[str, str]
    options: Form | None
    from_: JID
    element: Element

    @property
    def pending(self) -> int:
        return int(self.fields["message-count"])

    @property
    def text(self) -> str:
        return self.fields["last-message-body"]


class AppService(Service):
    """Takes notifications as long as it is told to."""

    is_app_server = True

    def __init__(self, host: Host) -> None:
        super().__init__(host, "app")
        self.taken: list[Notification] = []
        self.refusal: StanzaError | None = None
        self.is_silent = False
        self.asked = 0
        self.letters: list[Element] = []
        self.requests["set", f"{{{PUBSUB}}}pubsub"] = self.take

    def receive(self, stanza: Stanza, session: Session | None = None) -> Awaitable[None] | None:
        self.asked += 1
        return None if self.is_silent else super().receive(stanza, session)

    def say(self, text: str) -> None:
        """Send a stanza."""
        element = parse(text)
        to, sender = JID.parse(element.get("to", "")), JID.parse(element.get("from", ""))
        self.host.server.tell(self.host.server.route, Stanza("message", element, to, sender))

    def message(self, stanza: Stanza, session: Session | None) -> None:
        """A notification of `urn:xmpp:push2:0`."""
        if self.refusal is not None:
            self.host.refuse(stanza, self.refusal)
        else:
            self.letters.append(stanza.element)

    def take(self, request: Request) -> None:
        if self.refusal is not None:
            raise self.refusal
        publish = request.payload.find(f"{{{PUBSUB}}}publish")
        assert publish is not None
        notification = publish.find(f"{{{PUBSUB}}}item/{{{NS}}}notification")
        assert notification is not None
        fields = _fields(notification.find(forms.X))
        told = request.payload.find(f"{{{PUBSUB}}}publish-options/{forms.X}")
        options = None if told is None else forms.parse(told)
        now = self.host.server.clock.now()
        node = publish.get("node", "")
        self.taken.append(Notification(now, node, fields, options, request.from_, notification))


def _fields(x: Element | None) -> dict[str, str]:
    """What the form of a notification says; nothing if there is none."""
    fields = {} if x is None else {each.var: each.values[0] for each in forms.parse(x).fields}
    assert fields.pop("FORM_TYPE", "urn:xmpp:push:summary") == "urn:xmpp:push:summary"
    return fields


class AppServer(Extension):
    """Brings the service into the house."""

    name = "app_server"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.service = AppService(host)

    def wires(self) -> Iterable[Wire]:
        yield self.service


class Makers:
    """The house, its app server, and anna's telephone."""

    def __init__(self, house: House) -> None:
        self.house = house

    @property
    def app(self) -> AppService:
        service: AppService = self._extension("app_server").service
        return service

    @property
    def taken(self) -> list[Notification]:
        return self.app.taken

    @property
    def push(self) -> Push:
        push: Push = self._extension("push")
        return push

    def _extension(self, name: str) -> Any:
        return self.house.server.hosts["example.org"].service(name)

    async def account(self, name: str = "anna") -> Account:
        """Who is notified."""
        accounts = self.house.server.hosts["example.org"].accounts
        account = await accounts.load(await self.house.add_user(name))
        assert account is not None
        return account

    async def history(self, name: str = "anna") -> list[str]:
        """What the owner is told about notifications."""
        return [event.what for event in self.push.history(await self.account(name))]

    async def phone(
        self, name: str = "anna/phone", node: str = NODE, more: str = "", jid: str = APP
    ) -> Client:
        """A telephone that is to be notified, with stream management."""
        phone = await self.house.online(name)
        await manage(phone)
        await enable(phone, node, more, jid)
        return phone

    async def asleep(
        self, name: str = "anna/phone", node: str = NODE, more: str = "", jid: str = APP
    ) -> None:
        """A telephone that is to be notified and has gone."""
        phone = await self.phone(name, node, more, jid)
        await phone.close()

    async def crash(self) -> None:
        """The process is killed and started anew: nothing is said to anybody, nothing written."""
        house = self.house
        await house.server.tasks.close()
        await house.database.close()
        house.clients.clear()
        await house._start()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass in small steps, as it does."""
        while seconds > 0:
            step = min(0.5, seconds)
            self.house.clock.advance(step)
            await self.house.settle()
            seconds -= step


async def manage(client: Client) -> None:
    """Switch stream management on."""
    await client.send(f"<enable xmlns='{SM}' resume='true'/>")
    await client.expect(f"<enabled xmlns='{SM}'/>")


async def acknowledge(client: Client) -> None:
    """Acknowledge all that came."""
    outbox = client.session.outbox
    assert outbox is not None
    await client.send(f"<a xmlns='{SM}' h='{outbox.sent}'/>")
    client.take_all()


async def enable(client: Client, node: str = NODE, more: str = "", jid: str = APP) -> None:
    """Ask to be notified."""
    inside = f"<enable xmlns='{NS}' jid='{jid}' node='{node}'>{more}</enable>"
    await client.send(f"<iq type='set' id='e'>{inside}</iq>")
    await client.expect("<iq type='result' id='e'/>")


async def disable(client: Client, node: str | None = NODE) -> None:
    """Ask not to be notified any more."""
    named = f" node='{node}'" if node is not None else ""
    await client.send(f"<iq type='set' id='d'><disable xmlns='{NS}' jid='{APP}'{named}/></iq>")
    await client.expect("<iq type='result' id='d'/>")


async def write(client: Client, inside: str = BODY, to: str = "anna@example.org") -> None:
    """A message."""
    await client.send(f"<message type='chat' to='{to}'>{inside}</message>")


@asynccontextmanager
async def open_makers(*more: type[Extension], **push: object) -> AsyncIterator[Makers]:
    """A house with all that takes part; `push` changes the section of the configuration."""
    rooms = (*CORE, Disco, Carbons, ClientState, Commands, PubSub, Push, AppServer, *more)
    async with House(rooms, config={"push": push}) as house:
        yield Makers(house)
