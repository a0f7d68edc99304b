"""Hamlet and his node at the service, for conversations between owners and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from extensions.pubsub.verbs import carry_out
from server.errors import StanzaError
from tests.extensions.pubsub.people import (
    OWNER,
    PUBSUB,
    SERVICE,
    arrive,
    ask,
    condition,
    form,
)

if TYPE_CHECKING:
    from extensions.pubsub import PubSub
    from server.jid import JID
    from tests.harness.house import Client, House

NODE = "princely_musings"
X = "{jabber:x:data}"


async def owner_of(house: House, **config: str) -> Client:
    hamlet = await arrive(house, "hamlet/elsinore")
    configure = f"<configure>{form('node_config', **config)}</configure>"
    answer = await ask(hamlet, "set", f"<create node='{NODE}'/>{configure}", SERVICE)
    assert condition(answer) == ""
    return hamlet


async def configure(client: Client, **fields: str) -> str:
    text = f"<configure node='{NODE}'>{form('node_config', **fields)}</configure>"
    return condition(await ask(client, "set", text, SERVICE, owner=True))


async def configured(client: Client) -> dict[str, str]:
    text = f"<configure node='{NODE}'/>"
    answer = await ask(client, "get", text, SERVICE, owner=True)
    return {
        field.get("var", "").removeprefix("pubsub#"): field.findtext(f"{X}value") or ""
        for field in answer.iter(f"{X}field")
    }


async def subscribe(client: Client) -> None:
    text = f"<subscribe node='{NODE}' jid='{client.jid.bare}'/>"
    assert condition(await ask(client, "set", text, SERVICE)) == ""


async def stored(client: Client) -> list[str]:
    answer = await ask(client, "get", f"<items node='{NODE}'/>", SERVICE)
    return [each.get("id", "") for each in answer[0][0]]


async def affiliate(client: Client, *people: tuple[str, str]) -> str:
    entries = "".join(
        f"<affiliation jid='{name}@example.org' affiliation='{affiliation}'/>"
        for name, affiliation in people
    )
    text = f"<affiliations node='{NODE}'>{entries}</affiliations>"
    return condition(await ask(client, "set", text, SERVICE, owner=True))


async def affiliated(client: Client) -> dict[str, str]:
    text = f"<affiliations node='{NODE}'/>"
    answer = await ask(client, "get", text, SERVICE, owner=True)
    return {
        each.get("jid", "").partition("@")[0]: each.get("affiliation", "") for each in answer[0][0]
    }


def pubsub_of(house: House) -> PubSub:
    service: PubSub = house.server.hosts["example.org"].service("pubsub")
    return service


async def from_afar(
    house: House, who: JID, type_: str, content: str, *, owner: bool = False
) -> str:
    """What the service answers to somebody of another server: a refusal's condition, or ""."""
    pubsub = pubsub_of(house)
    root = etree.fromstring(f"<pubsub xmlns='{OWNER if owner else PUBSUB}'>{content}</pubsub>")
    try:
        await carry_out(pubsub.engine, pubsub.service.place, who, type_, root)
    except StanzaError as refusal:
        return str(refusal.condition)
    return ""
