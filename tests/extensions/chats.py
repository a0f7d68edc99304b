"""What clients of a house find in their archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.registry import ALL
from tests.harness.house import CORE, Client

if TYPE_CHECKING:
    from server.element import Element

EVERYTHING = (*CORE, *ALL)
RETRACTED = "{urn:xmpp:message-retract:1}retracted"

_MAM = "{urn:xmpp:mam:2}"
_MESSAGE = "{urn:xmpp:forward:0}forwarded/{jabber:client}message"
_QUERY = "<iq type='set' id='mam'><query xmlns='urn:xmpp:mam:2'/></iq>"


async def archive(client: Client) -> dict[str, Element]:
    """Everything in the archive of whoever asks, by identifier, in order; nothing else is heard."""
    client.take_all()
    await client.send(_QUERY)
    found = {}
    while (element := await client.next()).get("id") != "mam":
        result = element.find(f"{_MAM}result")
        if result is not None:
            message = result.find(_MESSAGE)
            assert message is not None
            found[result.get("id", "")] = message
    return found


async def said(client: Client) -> list[str]:
    """The bodies in the archive; the tags of the first payloads where there are none."""
    texts = []
    for message in (await archive(client)).values():
        body = message.findtext("{jabber:client}body")
        texts.append(message[0].tag.partition("}")[2] if body is None else body)
    return texts
