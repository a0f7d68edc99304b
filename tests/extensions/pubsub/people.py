"""Clients with interests, and friends, for conversations about nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.payloads import info
from extensions.registry import ALL
from server.jid import JID
from tests.harness.house import CORE, Client, House

if TYPE_CHECKING:
    from server.element import Element

EVERYTHING = (*CORE, *ALL)
PUBSUB = "http://jabber.org/protocol/pubsub"
OWNER = f"{PUBSUB}#owner"
EVENT = f"{PUBSUB}#event"
SERVICE = "pubsub.example.org"


def said(*interests: str) -> info.Info:
    """What a client with these interests says of itself."""
    features = (info.NS, *(f"{each}+notify" for each in interests))
    return info.Info((info.Identity("client", "phone", name="Test"),), tuple(sorted(features)))


def presence(*interests: str) -> str:
    """The presence of such a client."""
    ver = info.verification(said(*interests))
    caps = f"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='test' ver='{ver}'/>"
    return f"<presence>{caps}</presence>"


async def arrive(house: House, name: str, *interests: str) -> Client:
    """Log in, become available, and say what one is interested in when asked."""
    client = await house.login(name)
    await client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
    await client.send(presence(*interests))
    await tell(house, client, *interests)
    return client


async def tell(house: House, client: Client, *interests: str) -> None:
    """Answer the server's question, if it has one; everything else is left to be heard."""
    others: list[Element] = []
    for element in client.take_all():
        query = element.find(info.QUERY)
        if query is None or element.get("type") != "get":
            others.append(element)
            continue
        answer = info.build(said(*interests), query.get("node"))
        await client.send(
            f"<iq type='result' id='{element.get('id')}' to='{element.get('from')}'>".encode()
            + answer
            + b"</iq>"
        )
    client.inbox.extendleft(reversed(others))


async def befriend(house: House, one: str, other: str) -> None:
    """Let two accounts see each other's presence, before they log in."""
    from server.storage import roster

    for owner, contact in ((one, other), (other, one)):
        jid = await house.add_user(owner)
        friend = await house.add_user(contact)
        rows = await house.database.fetch("SELECT id FROM account WHERE jid = $1", jid)
        item = roster.Item(friend, "", "both", version=house.server.ids.next(1))
        await house.database.batch(roster.save_item(rows[0][0], item))


def events(client: Client) -> list[Element]:
    """The notifications that came; everything else is dropped."""
    found = [element.find(f"{{{EVENT}}}event") for element in client.take_all()]
    return [event for event in found if event is not None]


def item_ids(client: Client) -> list[str]:
    """The items in the notifications that came."""
    found = [event.iter(f"{{{EVENT}}}item") for event in events(client)]
    return [item.get("id", "") for each in found for item in each]


async def ask(
    client: Client, type_: str, content: str, to: str = "", owner: bool = False
) -> Element:
    """The answer to a request; what else came is left to be heard."""
    address = f" to='{to}'" if to else ""
    namespace = OWNER if owner else PUBSUB
    await client.send(
        f"<iq type='{type_}' id='ask'{address}><pubsub xmlns='{namespace}'>{content}</pubsub></iq>"
    )
    answers = [each for each in client.inbox if each.get("id") == "ask"]
    assert len(answers) == 1, f"no answer to {content}"
    client.inbox.remove(answers[0])
    return answers[0]


def condition(answer: Element) -> str:
    """The conditions of an error, such as "not-allowed closed-node"; "" for a result."""
    error = answer.find("{jabber:client}error")
    if error is None:
        assert answer.get("type") == "result"
        return ""
    names = [child.tag.rpartition("}")[2] for child in error]
    return " ".join(name for name in names if name != "text")


def item(id_: str = "", text: str = "x") -> str:
    """An item with a little content."""
    named = f" id='{id_}'" if id_ else ""
    return f"<item{named}><entry xmlns='urn:example'>{text}</entry></item>"


def options(**fields: str) -> str:
    """Options of a publication."""
    return f"<publish-options>{form('publish-options', **fields)}</publish-options>"


def form(type_: str, **fields: str) -> str:
    """A submitted form; several values are parted by spaces."""
    parts = [f"<field var='FORM_TYPE' type='hidden'><value>{PUBSUB}#{type_}</value></field>"]
    for name, value in fields.items():
        values = "".join(f"<value>{each}</value>" for each in value.split())
        parts.append(f"<field var='pubsub#{name}'>{values}</field>")
    return f"<x xmlns='jabber:x:data' type='submit'>{''.join(parts)}</x>"


async def publish(
    client: Client, node: str, content: str, to: str = "", with_options: str = ""
) -> Element:
    """Publish an item."""
    text = f"<publish node='{node}'>{content}</publish>{with_options}"
    return await ask(client, "set", text, to)


def bare(name: str) -> JID:
    """The address of a user of the house."""
    return JID.parse(f"{name}@example.org")
