"""One nbxmpp client that can be waited for, by turning GLib's main loop."""

# mypy: ignore-errors
# (the library lives in an environment of its own)

from collections.abc import Callable
from typing import Any

from gi.repository import Gio, GLib
from nbxmpp.client import Client as Connection
from nbxmpp.const import ConnectionProtocol, ConnectionType
from nbxmpp.errors import StanzaError
from nbxmpp.namespaces import Namespace
from nbxmpp.protocol import JID, Message, Presence
from nbxmpp.structs import DiscoIdentity, StanzaHandler

from interop.capabilities import Situation

PATIENCE = 60
_SIGNALS = ("connected", "connection-failed", "disconnected", "resume-successful", "resume-failed")
_URI = "https://interop.example"


class Client:
    """Logs in with the server's certificate accepted, and keeps what arrives."""

    def __init__(
        self, jid: str, situation: Situation, *interests: str,
        direct_tls: bool = False, port: int | None = None,
    ) -> None:  # fmt: skip
        self.bare = jid
        self._domain = situation.domain
        self.mechanisms: list[str] = []
        self.presences: list[tuple[str | None, str]] = []
        self.pictures: list[tuple[str, str | None]] = []
        self._events: list[tuple[str, Any]] = []
        self._messages: list[tuple[Any, Any]] = []
        self._signals: list[str] = []
        self.node = self._configured(situation, direct_tls=direct_tls, port=port)
        self.node.get_module("EntityCaps").set_caps(
            [DiscoIdentity("client", "pc")],
            [Namespace.DISCO_INFO, *(f"{node}+notify" for node in interests)],
            _URI,
        )
        for name in _SIGNALS:
            self.node.subscribe(name, self._on_signal)
        self.node.subscribe("stanza-sent", self._on_sent)
        for name, callback in (("presence", self._on_presence), ("message", self._on_message)):
            self.node.register_handler(StanzaHandler(name=name, callback=callback, priority=60))

    def _configured(
        self, situation: Situation, *, direct_tls: bool, port: int | None
    ) -> Connection:
        local, _, domain = self.bare.partition("@")
        port = port or (situation.c2s_tls if direct_tls else situation.c2s)
        kind = ConnectionType.DIRECT_TLS if direct_tls else ConnectionType.START_TLS
        node = Connection(log_context=self.bare)
        node.set_username(local)
        node.set_domain(domain)
        node.set_password(situation.password)
        node.set_custom_host(f"{situation.host}:{port}", ConnectionProtocol.TCP, kind)
        node.set_connection_types([kind])
        node.set_accepted_certificates([Gio.TlsCertificate.new_from_file(situation.certificate)])
        return node

    def login(self) -> "Client":
        """Connect, authenticate, bind, become available."""
        self.node.connect()
        self.signal("connected")
        caps = self.node.get_module("EntityCaps").caps
        presence = Presence()
        presence.setTag(
            "c",
            namespace=Namespace.CAPS,
            attrs={"hash": caps.hash, "node": caps.node, "ver": caps.ver},
        )
        self.node.send(presence)
        return self

    @property
    def full(self) -> str:
        return str(self.node.get_bound_jid())

    def signal(self, name: str) -> None:
        """Wait for what happens next to the connection, which must be this."""
        until(lambda: self._signals)
        assert self._signals.pop(0) == name, self.node.get_error()

    def say(self, to: str, text: str) -> None:
        """Send a chat message."""
        self.node.send_stanza(Message(to=JID.from_string(to), body=text, typ="chat"))

    def receive(
        self, count: int, likes: Callable[[Any], bool] = lambda properties: properties.body
    ) -> list[tuple[Any, Any]]:
        """The next messages of this kind, with a body unless said otherwise."""
        got: list[tuple[Any, Any]] = []
        while len(got) < count:
            until(lambda: self._messages)
            message = self._messages.pop(0)
            if likes(message[1]):
                got.append(message)
        return got

    def bodies(self, count: int) -> list[str]:
        return [properties.body for _, properties in self.receive(count)]

    def arrived(self) -> list[tuple[Any, Any]]:
        """The messages with a body that are here already."""
        messages, self._messages = self._messages, []
        return [message for message in messages if message[1].body]

    def surplus(self) -> list[str]:
        """Bodies that arrived although nobody expects them; a round trip flushes them out."""
        self.ping()
        return [properties.body for _, properties in self.arrived()]

    def refusal(self) -> str:
        """Why the last message was refused."""
        ((stanza, _),) = self.receive(1, lambda properties: properties.type.is_error)
        return str(stanza.getError())

    def ping(self) -> None:
        """A round trip to the server."""
        finished(self.node.get_module("Ping").ping(JID.from_string(self._domain)))

    def befriend(self, other: "Client") -> None:
        """Each sees the other's presence."""
        for asking, asked in ((self, other), (other, self)):
            asking.node.send(Presence(to=JID.from_string(asked.bare), typ="subscribe"))
            until(lambda: ("subscribe", asking.bare) in asked.presences)  # noqa: B023
            asked.node.send(Presence(to=JID.from_string(asking.bare), typ="subscribed"))
            until(lambda: (None, asked.bare) in asking.presences)  # noqa: B023

    def next_event(self, likes: Callable[[Any], bool] = lambda _: True, *, owner: str = "") -> Any:
        """The next notification of this kind, of a certain owner or any; others are skipped."""
        while True:
            sender, event = until(lambda: self._events and [self._events.pop(0)])[0]
            if likes(event) and owner in {"", sender}:
                return event

    def _on_signal(self, _: Any, name: str, *__: Any) -> None:
        self._signals.append(name)

    def _on_sent(self, _: Any, __: str, stanza: Any) -> None:
        if not isinstance(stanza, str) and stanza.getName() == "authenticate":
            self.mechanisms.append(stanza.getAttr("mechanism"))

    def _on_presence(self, _: Any, stanza: Any, properties: Any) -> None:
        for address in (properties.jid, properties.jid.bare):
            self.presences.append((stanza.getType(), str(address)))
        self.pictures.append((str(properties.jid.bare), properties.avatar_sha))

    def _on_message(self, _: Any, stanza: Any, properties: Any) -> None:
        if properties.is_pubsub_event:
            self._events.append((str(properties.jid.bare), properties.pubsub_event))
        else:
            self._messages.append((stanza, properties))


def until(condition: Callable[[], Any]) -> Any:
    """Let things happen until the condition gives something."""
    late: list[bool] = []
    timer = GLib.timeout_add_seconds(PATIENCE, lambda: late.append(True))
    while not (result := condition()):
        if late:
            raise TimeoutError
        GLib.MainContext.default().iteration(True)
    GLib.source_remove(timer)
    return result


def finished(task: Any) -> Any:
    """The result of one of the library's tasks, which forgets it once it has been told."""
    done: list[Any] = []

    def note(ended: Any) -> None:
        try:
            done.append((ended.finish(), None))
        except StanzaError as error:
            done.append((None, error))

    if task.state.is_finished:
        return task.finish()
    task.add_done_callback(note)
    result, error = until(lambda: done)[0]
    if error is not None:
        raise error
    return result


def is_refused(task: Any) -> bool:
    """Whether the answer is an error."""
    try:
        finished(task)
    except StanzaError:
        return True
    return False


def both(situation: Situation) -> tuple[Client, Client]:
    """Alice and bob, logged in."""
    alice = Client(situation.alice, situation).login()
    return alice, Client(situation.bob, situation).login()
