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
from nbxmpp.protocol import JID, Presence
from nbxmpp.structs import DiscoIdentity, StanzaHandler

from interop.capabilities import Situation

PATIENCE = 15
_ENDED = {"connected", "connection-failed", "disconnected"}
_URI = "https://interop.example"


class Client:
    """Logs in with the server's certificate accepted, and keeps what arrives."""

    def __init__(
        self, jid: str, situation: Situation, *interests: str, direct_tls: bool = False
    ) -> None:
        self.bare = jid
        self.mechanisms: list[str] = []
        self.presences: list[tuple[str | None, str]] = []
        self.events: list[Any] = []
        self._signals: list[str] = []
        self.node = self._configured(situation, direct_tls=direct_tls)
        self.node.get_module("EntityCaps").set_caps(
            [DiscoIdentity("client", "pc")],
            [Namespace.DISCO_INFO, *(f"{node}+notify" for node in interests)],
            _URI,
        )
        for name in _ENDED:
            self.node.subscribe(name, self._on_signal)
        self.node.subscribe("stanza-sent", self._on_sent)
        for name, callback in (("presence", self._on_presence), ("message", self._on_message)):
            self.node.register_handler(StanzaHandler(name=name, callback=callback, priority=60))

    def _configured(self, situation: Situation, *, direct_tls: bool) -> Connection:
        local, _, domain = self.bare.partition("@")
        port = situation.c2s_tls if direct_tls else situation.c2s
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
        (signal,) = until(lambda: self._signals)
        assert signal == "connected", self.node.get_error()
        caps = self.node.get_module("EntityCaps").caps
        presence = Presence()
        presence.setTag(
            "c",
            namespace=Namespace.CAPS,
            attrs={"hash": caps.hash, "node": caps.node, "ver": caps.ver},
        )
        self.node.send(presence)
        return self

    def befriend(self, other: "Client") -> None:
        """Each sees the other's presence."""
        for asking, asked in ((self, other), (other, self)):
            asking.node.send(Presence(to=JID.from_string(asked.bare), typ="subscribe"))
            until(lambda: ("subscribe", asking.bare) in asked.presences)  # noqa: B023
            asked.node.send(Presence(to=JID.from_string(asking.bare), typ="subscribed"))
            until(lambda: (None, asked.bare) in asking.presences)  # noqa: B023

    def next_event(self, likes: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next notification of this kind; others are passed over."""
        while True:
            event = until(lambda: self.events and [self.events.pop(0)])[0]
            if likes(event):
                return event

    def _on_signal(self, _: Any, name: str, *__: Any) -> None:
        self._signals.append(name)

    def _on_sent(self, _: Any, __: str, stanza: Any) -> None:
        if stanza.getName() == "authenticate":
            self.mechanisms.append(stanza.getAttr("mechanism"))

    def _on_presence(self, _: Any, stanza: Any, properties: Any) -> None:
        self.presences.append((stanza.getType(), str(properties.jid.bare)))

    def _on_message(self, _: Any, stanza: Any, properties: Any) -> None:
        if properties.is_pubsub_event:
            self.events.append(properties.pubsub_event)


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
