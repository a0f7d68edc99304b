"""Turns of phrase: what tests of streams and stanzas say and expect again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.house import DOMAIN

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client, House

STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SM = "urn:xmpp:sm:3"
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


async def enable(client: Client, resume: bool = True) -> Element:
    """Switch stream management on (XEP-0198 §3)."""
    wish = " resume='true'" if resume else ""
    await client.send(f"<enable xmlns='{SM}'{wish}/>")
    return await client.expect(f"<enabled xmlns='{SM}'/>")


async def ask(client: Client) -> int:
    """Ask what the server has handled (XEP-0198 §4)."""
    await client.send(f"<r xmlns='{SM}'/>")
    return int((await client.expect(f"<a xmlns='{SM}' h='…'/>")).get("h", ""))
