"""XEP-0490: one message tells the contact and the own devices, each what is meant for them."""

import asyncio

import pytest
from lxml import etree

from tests.extensions.chats import EVERYTHING, archive
from tests.extensions.pubsub.people import arrive
from tests.harness.house import PATIENCE, Client, House
from tests.harness.loop import settle
from tests.harness.talk import SM

NODE = "urn:xmpp:mds:displayed:0"
PUBSUB = "{http://jabber.org/protocol/pubsub}"
DISPLAYED = (
    f"<displayed xmlns='{NODE}'>"
    "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='{}'/></displayed>"
)
MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/>"


def message(mark: str = "0423e3a9", more: str = MARKER, to: str = "romeo@example.org") -> str:
    return f"<message to='{to}'>{more}{DISPLAYED.format(mark)}</message>"


async def items(client: Client) -> dict[str | None, str | None]:
    """The state of each chat, as it is kept."""
    client.take_all()
    await client.send(
        "<iq type='get' id='catchup-1'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        f"<items node='{NODE}'/></pubsub></iq>"
    )
    answer = await client.next()
    return {item.get("id"): item[0][0].get("id") for item in answer.iter(f"{PUBSUB}item")}


async def kept(house: House) -> list[str | None]:
    """What is on disk."""
    rows = await house.database.fetch("SELECT payload FROM pubsub_item ORDER BY seq")
    return [etree.fromstring(bytes(payload))[0].get("id") for (payload,) in rows]


async def test_the_contact_and_the_own_devices_are_told() -> None:
    async with House(EVERYTHING) as house:
        balcony = await arrive(house, "juliet/balcony")
        phone = await arrive(house, "juliet/phone", NODE)
        await phone.send("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
        romeo = await house.online("romeo/orchard")
        await house.settle()
        phone.take_all()
        await balcony.send(message())
        got = await romeo.next()
        assert got[0].tag == "{urn:xmpp:chat-markers:0}displayed"
        assert not list(got.iter(f"{{{NODE}}}displayed"))
        await house.settle()
        heard = phone.take_all()
        (event,) = [each for each in heard if each.get("type") == "headline"]
        (item,) = event.iter("{http://jabber.org/protocol/pubsub#event}item")
        assert item.get("id") == "romeo@example.org"
        (carbon,) = [each for each in heard if each.find("{urn:xmpp:carbons:2}sent") is not None]
        assert not list(carbon.iter(f"{{{NODE}}}displayed"))
        assert await items(phone) == {"romeo@example.org": "0423e3a9"}
        for client in (balcony, romeo):
            (kept,) = (await archive(client)).values()
            assert not list(kept.iter(f"{{{NODE}}}displayed"))


async def test_the_newest_state_of_each_chat_is_kept() -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        for to in ("romeo@example.org", "nurse@example.org", "romeo@example.org"):
            await house.add_user(to)
            await balcony.send(message(f"for-{to}", to=to))
        await balcony.send(message("last"))
        await house.settle()
        assert await items(balcony) == {
            "nurse@example.org": "for-nurse@example.org",
            "romeo@example.org": "last",
        }


async def test_the_node_is_nobody_elses() -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        romeo = await house.online("romeo/orchard")
        await balcony.send(message())
        await house.settle()
        romeo.take_all()
        await romeo.send(
            "<iq type='get' id='i' to='juliet@example.org'>"
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
            f"<items node='{NODE}'/></pubsub></iq>"
        )
        assert (await romeo.next()).get("type") == "error"


@pytest.mark.parametrize(
    "wrong",
    [
        f"<displayed xmlns='{NODE}'/>",
        f"<displayed xmlns='{NODE}'><a/><stanza-id xmlns='urn:xmpp:sid:0' id='y'/></displayed>",
    ],
)
async def test_what_is_malformed_goes_nowhere(wrong: str) -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        romeo = await house.online("romeo/orchard")
        await balcony.send(f"<message to='romeo@example.org'>{MARKER}{wrong}</message>")
        assert not list((await romeo.next()).iter(f"{{{NODE}}}displayed"))
        assert await items(balcony) == {}


async def test_a_message_that_is_not_to_be_stored_is_not() -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        romeo = await house.online("romeo/orchard")
        await balcony.send(message(more="<no-store xmlns='urn:xmpp:hints'/><body>x</body>"))
        await romeo.next()
        assert await archive(balcony) == {}


async def test_it_is_offered() -> None:
    async with House(EVERYTHING) as house:
        juliet = await house.online("juliet/balcony")
        await juliet.send(
            "<iq type='get' to='juliet@example.org' id='d'>"
            "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        )
        features = {each.get("var") for each in (await juliet.next())[0]}
        assert {NODE, "urn:xmpp:mds:server-assist:0"} <= features


async def test_what_is_far_too_long_is_not_kept() -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        await house.add_user("romeo")
        await balcony.send(message("x" * 10_000))
        await balcony.send(message("0423e3a9", to="lord@example.org"))
        await house.settle()
        assert await items(balcony) == {"lord@example.org": "0423e3a9"}


async def _enable(client: Client) -> None:
    """From here on the client's stanzas are counted (XEP-0198 §3)."""
    await client.send(f"<enable xmlns='{SM}' resume='true'/>")
    await client.expect(f"<enabled xmlns='{SM}'/>")


async def _next_commit(house: House) -> None:
    """One commit reaches the disk, and no other after it."""
    journal = house.database.journal
    before = journal.durable
    async with asyncio.timeout(PATIENCE):
        while journal.durable == before:
            house.database.release()
            house.database.hold()
            await settle()
    await settle()


async def test_it_is_kept_before_the_message_is_acknowledged() -> None:
    """Else a crash would lose what the client has no reason to say again."""
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        romeo = await house.online("romeo/orchard")
        await balcony.send(message("first"))
        await _enable(balcony)
        romeo.take_all()
        house.database.hold()
        balcony.say(message("second"))
        await settle()
        assert romeo.take_all(), "the message itself waits for nothing"
        balcony.say(message("third") + f"<r xmlns='{SM}'/>")
        while not balcony.inbox:
            await _next_commit(house)
        await balcony.expect(f"<a xmlns='{SM}' h='2'/>")
        assert await kept(house) == ["third"]
        house.database.release()


async def test_who_writes_on_writes_in_order() -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        romeo = await house.online("romeo/orchard")
        await balcony.send(
            message("a") + message("b", more="<body>1</body>") + message("c", "<body>2</body>")
        )
        assert [each.findtext("{jabber:client}body") for each in romeo.take_all()] == [
            None,
            "1",
            "2",
        ]
        assert await items(balcony) == {"romeo@example.org": "c"}


async def test_what_cannot_be_kept_is_said() -> None:
    async with House(EVERYTHING) as house:
        balcony = await house.online("juliet/balcony")
        await house.add_user("romeo")
        await balcony.send(message("first"))
        balcony.take_all()
        house.database.is_full = True
        balcony.say(message("second", "<no-store xmlns='urn:xmpp:hints'/>"))
        async with asyncio.timeout(PATIENCE):
            while not balcony.inbox:
                await settle()
        house.database.is_full = False
        refusal = "<error type='wait'><resource-constraint xmlns='{}'/></error>"
        stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
        await balcony.expect(f"<message type='error'>{refusal.format(stanzas)}</message>")
        assert await kept(house) == ["first"]
