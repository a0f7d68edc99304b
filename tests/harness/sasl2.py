"""The client's side of SASL2: requests, SCRAM and hashed tokens (XEP-0388, XEP-0484)."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from tests.harness.house import PASSWORD

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client, House
    from tests.harness.scram import ScramClient

SASL2 = "urn:xmpp:sasl:2"
BIND2 = "urn:xmpp:bind:0"
FAST = "urn:xmpp:fast:0"
SUCCESS = f"<success xmlns='{SASL2}'/>"
BOUND = f"<success xmlns='{SASL2}'><bound xmlns='{BIND2}'/></success>"
FEATURES = "<stream:features/>"
PHONE = "d4565fa7-4d72-4749-b3d3-740edbf87770"
LAPTOP = "7e3b1b8e-1d2f-4f11-9d5e-0c2b5f0e8a11"
AGENT = (
    "<user-agent id='{}'><software>AwesomeXMPP</software><device>Kiva's Phone</device></user-agent>"
)
BIND = f"<bind xmlns='{BIND2}'/>"
NONE = "HT-SHA-256-NONE"


def request(mechanism: str, data: bytes | None, *more: str, agent: str | None = PHONE) -> str:
    """An `<authenticate/>`; `agent` is the identifier of the client, None for no user-agent."""
    initial = "" if data is None else f"<initial-response>{encode(data)}</initial-response>"
    shown = "" if agent is None else AGENT.format(agent)
    inside = initial + shown + "".join(more)
    return f"<authenticate xmlns='{SASL2}' mechanism='{mechanism}'>{inside}</authenticate>"


def plain(name: str, *more: str, password: str = PASSWORD, agent: str | None = PHONE) -> str:
    return request("PLAIN", f"\0{name}\0{password}".encode(), *more, agent=agent)


def failure(condition: str) -> str:
    """The pattern of a failure (§2.6.2)."""
    inside = f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
    return f"<failure xmlns='{SASL2}'>{inside}</failure>"


def wish(mechanism: str = NONE) -> str:
    return f"<request-token xmlns='{FAST}' mechanism='{mechanism}'/>"


def hashed(name: str, token: str, binding: bytes = b"") -> bytes:
    return name.encode() + b"\0" + hmac.digest(token.encode(), b"Initiator" + binding, "sha256")


def confirmed(token: str, binding: bytes = b"") -> bytes:
    return hmac.digest(token.encode(), b"Responder" + binding, "sha256")


def with_token(
    name: str, token: str, *more: str, mechanism: str = NONE, agent: str | None = PHONE,
    attributes: str = "", binding: bytes = b"",
) -> str:  # fmt: skip
    """A login with a token (XEP-0484 §3.4)."""
    fast = f"<fast xmlns='{FAST}'{attributes}/>"
    return request(mechanism, hashed(name, token, binding), fast, *more, agent=agent)


def token_of(success: Element) -> str:
    found = success.find(f"{{{FAST}}}token")
    assert found is not None, "no token came"
    return found.get("token", "")


def additional(element: Element) -> bytes:
    return b64decode(element.findtext(f"{{{SASL2}}}additional-data") or "")


def identifier(success: Element) -> str:
    return success.findtext(f"{{{SASL2}}}authorization-identifier") or ""


async def log_in(house: House, name: str, *more: str, agent: str | None = PHONE) -> Client:
    """A new connection with PLAIN and a resource bound along with it; `success` is kept."""
    await house.add_user(name)
    client = house.connect()
    await client.open()
    await client.send(plain(name, BIND, *more, agent=agent))
    return client


async def fast(
    house: House, name: str, token: str, *more: str, agent: str | None = PHONE, attributes: str = ""
) -> Client:
    """A new connection that logs in with a token and binds."""
    client = house.connect()
    await client.open()
    await client.send(with_token(name, token, BIND, *more, agent=agent, attributes=attributes))
    return client


async def scram(client: Client, exchange: ScramClient, *more: str) -> Element:
    """Go through SCRAM; what came after the response."""
    await client.send(request(exchange.mechanism, exchange.first(), *more))
    challenge = await client.expect(f"<challenge xmlns='{SASL2}'/>")
    final = exchange.final(b64decode(challenge.text or ""))
    await client.send(f"<response xmlns='{SASL2}'>{encode(final)}</response>")
    return await client.next()


def encode(data: bytes) -> str:
    return b64encode(data).decode()
