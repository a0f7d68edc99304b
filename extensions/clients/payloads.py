"""The list of an account's clients, as bytes (XEP-0494 §3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server import message_id
from server.element import escape
from server.timestamps import stamp

NS: Final = "urn:xmpp:cam:0"
#: What this server adds: up to which message a client has got what was due to it.
NS_DELIVERED: Final = "urn:skerry:delivered:0"


@dataclass(frozen=True, slots=True)
class Client:
    """One client as its owner sees it; times are unix milliseconds, 0 when unknown."""

    id: str
    connected: bool
    first_seen: int = 0
    last_seen: int = 0
    password: bool = False
    granted: bool = False
    fast: bool = False
    software: str = ""
    device: str = ""
    has: int = 0


def build(clients: list[Client]) -> bytes:
    """The answer to `<list/>`."""
    return b"<clients xmlns='%s'>%s</clients>" % (NS.encode(), b"".join(map(_client, clients)))


def _client(client: Client) -> bytes:
    return (
        b"<client connected='%s' id='%s' type='session'>%s%s<auth>%s%s%s</auth>"
        b"<permission status='unrestricted'/>%s%s</client>"
    ) % (
        b"true" if client.connected else b"false", escape(client.id),
        _seen(b"first-seen", client.first_seen), _seen(b"last-seen", client.last_seen),
        b"<password/>" if client.password else b"", b"<grant/>" if client.granted else b"",
        b"<fast/>" if client.fast else b"", _agent(client), _delivered(client.has),
    )  # fmt: skip


def _seen(name: bytes, unix_ms: int) -> bytes:
    return b"<%s>%s</%s>" % (name, stamp(unix_ms), name) if unix_ms else b""


def _delivered(mid: int) -> bytes:
    if not mid:
        return b""
    return b"<delivered xmlns='%s' id='%016x' stamp='%s'/>" % (
        NS_DELIVERED.encode(), mid, stamp(message_id.to_ms(mid)),
    )  # fmt: skip


def _agent(client: Client) -> bytes:
    if not client.software and not client.device:
        return b""
    return b"<user-agent>%s%s</user-agent>" % (
        _text(b"software", client.software), _text(b"device", client.device),
    )  # fmt: skip


def _text(name: bytes, text: str) -> bytes:
    return b"<%s>%s</%s>" % (name, escape(text), name) if text else b""
