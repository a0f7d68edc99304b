"""XEP-0054: vCards are stored for their owner and given to whoever asks; nicknames (XEP-0172)."""

import pytest

from extensions import vcard
from extensions.vcard import vcard4
from server.element import Element
from tests.extensions.pubsub.people import (
    EVERYTHING,
    arrive,
    ask,
    befriend,
    condition,
    events,
    options,
    publish,
)
from tests.harness.house import Client, House

PETER = "<FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY></N><DESC>x</DESC>"
FN = "{vcard-temp}FN"
NICK_NS = "http://jabber.org/protocol/nick"
NICK = f"<nick xmlns='{NICK_NS}'>Ishmael</nick>"


async def get(client: Client, to: str = "") -> Element:
    address = f" to='{to}'" if to else ""
    client.take_all()
    await client.send(f"<iq id='v1' type='get'{address}><vCard xmlns='vcard-temp'/></iq>")
    return await client.next()


async def put(client: Client, content: str, to: str = "") -> Element:
    address = f" to='{to}'" if to else ""
    client.take_all()
    text = f"<vCard xmlns='vcard-temp'>{content}</vCard>"
    await client.send(f"<iq id='v2' type='set'{address}>{text}</iq>")
    return next(each for each in client.take_all() if each.get("id") == "v2")


async def test_it_is_there_for_the_owner_and_for_strangers_also_when_he_is_offline() -> None:
    async with House(EVERYTHING) as house:
        peter = await house.login("stpeter/roundabout")
        assert condition(await put(peter, PETER)) == ""
        assert (await get(peter))[0].findtext(FN) == "Peter Saint-Andre"
        await house.restart()
        stranger = await house.login("jer/tablet")
        answer = await get(stranger, "stpeter@example.org")
        assert answer.get("from") == "stpeter@example.org"
        assert [child.tag.rpartition("}")[2] for child in answer[0]] == ["FN", "N", "DESC"]


async def test_an_update_replaces_all() -> None:
    async with House(EVERYTHING) as house:
        peter = await house.login("stpeter/roundabout")
        await put(peter, PETER)
        await put(peter, "<NICKNAME>psa</NICKNAME>")
        card = (await get(peter))[0]
        assert len(card) == 1
        assert card.findtext("{vcard-temp}NICKNAME") == "psa"


async def test_who_has_none_looks_as_one_who_does_not_exist() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("jer")
        peter = await house.login("stpeter/roundabout")
        answers = [await get(peter, f"{name}@example.org") for name in ("jer", "nobody")]
        assert [condition(each) for each in answers] == ["service-unavailable"] * 2
        texts = [each.findtext(".//{*}text") for each in answers]
        assert texts[0] == texts[1]
        assert condition(await get(peter)) == "item-not-found"


async def test_nobody_writes_for_others() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("jer")
        peter = await house.login("stpeter/roundabout")
        for name in ("jer", "nobody"):
            assert condition(await put(peter, PETER, f"{name}@example.org")) == "forbidden"


async def test_there_is_an_end_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcard, "MOST_BYTES", 200)
    async with House(EVERYTHING) as house:
        peter = await house.login("stpeter/roundabout")
        assert condition(await put(peter, f"<FN>{'x' * 200}</FN>")) == "not-acceptable"
        assert condition(await get(peter)) == "item-not-found"


async def publish_vcard4(client: Client, name: str, **config: str) -> None:
    content = f"<vcard xmlns='{vcard4.NS}'><fn><text>{name}</text></fn></vcard>"
    wanted = options(**config) if config else ""
    answer = await publish(client, vcard4.NODE, f"<item id='current'>{content}</item>", "", wanted)
    assert condition(answer) == ""


async def test_what_was_written_last_counts() -> None:
    async with House(EVERYTHING) as house:
        peter = await arrive(house, "stpeter/roundabout")
        stranger = await house.login("jer/tablet")
        await publish_vcard4(peter, "four", access_model="open")
        assert (await get(stranger, "stpeter@example.org"))[0].findtext(FN) == "four"
        house.clock.advance(1)
        await put(peter, "<FN>temp</FN>")
        assert (await get(stranger, "stpeter@example.org"))[0].findtext(FN) == "temp"
        house.clock.advance(1)
        await publish_vcard4(peter, "new")
        assert (await get(stranger, "stpeter@example.org"))[0].findtext(FN) == "new"


async def test_a_vcard4_is_converted_for_those_who_may_read_it() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "stpeter", "friend")
        peter = await arrive(house, "stpeter/roundabout")
        await publish_vcard4(peter, "for friends", access_model="presence")
        friend = await arrive(house, "friend/tablet")
        stranger = await house.login("jer/tablet")
        assert (await get(friend, "stpeter@example.org"))[0].findtext(FN) == "for friends"
        assert condition(await get(stranger, "stpeter@example.org")) == "service-unavailable"


async def test_nothing_is_left_of_a_deleted_account() -> None:
    async with House(EVERYTHING) as house:
        peter = await house.login("stpeter/roundabout")
        await put(peter, PETER)
        await peter.send(
            "<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await house.settle()
        assert not await house.database.fetch("SELECT account FROM vcard")


# -- nicknames: a node like any other (XEP-0172) --


async def test_contacts_are_told_of_a_nickname() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "narrator", "starbuck")
        starbuck = await arrive(house, "starbuck/pequod", NICK_NS)
        narrator = await arrive(house, "narrator/pequod")
        starbuck.take_all()
        assert condition(await publish(narrator, NICK_NS, f"<item>{NICK}</item>")) == ""
        (event,) = events(starbuck)
        assert event[0].get("node") == NICK_NS
        assert event[0][0].findtext(f"{{{NICK_NS}}}nick") == "Ishmael"


async def test_the_last_one_is_there_for_who_comes_later() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "narrator", "starbuck")
        narrator = await arrive(house, "narrator/pequod")
        for name in ("Narrator", "Ishmael"):
            await publish(narrator, NICK_NS, f"<item><nick xmlns='{NICK_NS}'>{name}</nick></item>")
        starbuck = await arrive(house, "starbuck/pequod", NICK_NS)
        (event,) = events(starbuck)
        assert event[0][0].findtext(f"{{{NICK_NS}}}nick") == "Ishmael"
        answer = await ask(starbuck, "get", f"<items node='{NICK_NS}'/>", narrator.jid.bare)
        assert len(answer[0][0]) == 1


async def test_a_request_for_a_subscription_carries_it() -> None:
    """§4.1."""
    async with House(EVERYTHING) as house:
        starbuck = await arrive(house, "starbuck/pequod")
        narrator = await arrive(house, "narrator/pequod")
        starbuck.take_all()
        await narrator.send(
            f"<presence to='starbuck@example.org' type='subscribe'>{NICK}</presence>"
        )
        request = await starbuck.next()
        assert request.get("type") == "subscribe"
        assert request.findtext(f"{{{NICK_NS}}}nick") == "Ishmael"
