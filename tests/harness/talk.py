"""Turns of phrase: what tests of streams and stanzas say and expect again and again."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from tests.harness.house import DOMAIN, PASSWORD

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client, House

STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
SM = "urn:xmpp:sm:3"
SUCCESS = f"<success xmlns='{SASL}'/>"
BODY = "<body>hi</body>"


def header(to: str | None = DOMAIN, version: str | None = "1.0", more: str = "") -> str:
    """The opening of a client's stream."""
    attributes = f" to='{to}'" if to is not None else ""
    attributes += f" version='{version}'" if version is not None else ""
    return (
        f"<?xml version='1.0'?><stream:stream xmlns='jabber:client'{attributes}{more}"
        " xmlns:stream='http://etherx.jabber.org/streams'>"
    )


def error(condition: str, type_: str = "") -> str:
    """The pattern of a stanza error."""
    named = f" type='{type_}'" if type_ else ""
    return f"<error{named}><{condition} xmlns='{STANZAS}'/></error>"


async def expect_end(client: Client, condition: str) -> Element:
    """The stream must end with this error, and with it the connection (RFC 6120 §4.9.1.1)."""
    found = await client.expect(f"<stream:error><{condition} xmlns='{STREAMS}'/></stream:error>")
    assert client.is_closed, "the stream was not closed"
    assert not client.line.is_open, "the connection was not closed"
    return found


async def expect_refusal(client: Client, condition: str, kind: str = "message") -> Element:
    """The next element must be a stanza error of this condition."""
    return await client.expect(f"<{kind} type='error'>{error(condition)}</{kind}>")


async def connect(house: House, opening: str | None = None) -> Client:
    """A client that has opened its stream and taken the features."""
    client = house.connect()
    if opening is None:
        await client.open()
    else:
        await client.send(opening)
    return client


def auth(mechanism: str, data: bytes | None = None) -> str:
    """The choice of a mechanism, with an initial response or without (RFC 6120 §6.4.2)."""
    text = "" if data is None else b64encode(data).decode() or "="
    return f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{text}</auth>"


def response(data: bytes) -> str:
    """An answer to a challenge (RFC 6120 §6.4.3)."""
    return f"<response xmlns='{SASL}'>{b64encode(data).decode() or '='}</response>"


def plain(name: str, password: str = PASSWORD, authzid: str = "") -> str:
    """A login with PLAIN (RFC 4616)."""
    return auth("PLAIN", f"{authzid}\0{name}\0{password}".encode())


def failure(condition: str) -> str:
    """The pattern of a failed login."""
    return f"<failure xmlns='{SASL}'><{condition}/></failure>"


async def authenticate(house: House, name: str, domain: str = DOMAIN) -> Client:
    """A client that has authenticated, restarted its stream and taken the features."""
    await house.add_user(f"{name}@{domain}")
    client = await connect(house, header(domain))
    await client.expect("<stream:features/>")
    await client.send(plain(name))
    await client.expect(SUCCESS)
    await client.send(header(domain))
    await client.expect("<stream:features/>")
    return client


async def bind(client: Client, resource: str = "a") -> Element:
    """Bind a resource; gives the answer (RFC 6120 §7)."""
    wish = f"<resource>{resource}</resource>" if resource else ""
    await client.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'>{wish}</bind></iq>")
    return await client.expect("<iq id='bind'/>")


async def enable(client: Client, resume: bool = True) -> Element:
    """Switch stream management on (XEP-0198 §3)."""
    wish = " resume='true'" if resume else ""
    await client.send(f"<enable xmlns='{SM}'{wish}/>")
    return await client.expect(f"<enabled xmlns='{SM}'/>")


async def ask(client: Client) -> int:
    """Ask what the server has handled (XEP-0198 §4)."""
    await client.send(f"<r xmlns='{SM}'/>")
    return int((await client.expect(f"<a xmlns='{SM}' h='…'/>")).get("h", ""))
