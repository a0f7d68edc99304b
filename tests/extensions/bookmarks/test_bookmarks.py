"""XEP-0402 §5.3, XEP-0411, XEP-0048: all clients of a user see the same bookmarks."""

import pytest

from extensions.bookmarks import keeping
from extensions.bookmarks.formats import LEGACY, NATIVE
from server.element import Element
from server.extension import At
from tests.extensions.pubsub.people import (
    EVERYTHING,
    PUBSUB,
    arrive,
    ask,
    condition,
    events,
    item_ids,
    options,
    publish,
)
from tests.harness.house import Client, House

PLAY = "theplay@conference.shakespeare.lit"
ORCHARD = "orchard@conference.shakespeare.lit"
STATE = "<state xmlns='http://myclient.example/bookmark/state' minimized='true'/>"
PRIVATE = options(
    persist_items="true", max_items="max", send_last_published_item="never",
    access_model="whitelist",
)  # fmt: skip


def native(room: str, attributes: str = "name='X' autojoin='true'", more: str = "") -> str:
    content = f"<nick>JC</nick>{more}"
    return (
        f"<item id='{room}'><conference xmlns='{NATIVE}' {attributes}>{content}</conference></item>"
    )


def storage(*children: str) -> str:
    return f"<storage xmlns='{LEGACY}'>{''.join(children)}</storage>"


def legacy(room: str, attributes: str = "name='X' autojoin='true'") -> str:
    return f"<conference jid='{room}' {attributes}><nick>JC</nick></conference>"


async def bookmark(client: Client, room: str, *rest: str) -> None:
    answer = await publish(client, NATIVE, native(room, *rest), with_options=PRIVATE)
    assert condition(answer) == ""


async def private(client: Client, type_: str, content: str) -> Element:
    query = f"<query xmlns='jabber:iq:private'>{content}</query>"
    await client.send(f"<iq type='{type_}' id='private'>{query}</iq>")
    answers = [each for each in client.inbox if each.get("id") == "private"]
    client.inbox.remove(answers[0])
    return answers[0]


async def private_rooms(client: Client) -> dict[str, Element]:
    answer = await private(client, "get", storage())
    return {each.get("jid", each.get("url", "")): each for each in answer[0][0]}


async def legacy_rooms(client: Client) -> dict[str, Element]:
    answer = await ask(client, "get", f"<items node='{LEGACY}'/>")
    return {each.get("jid", each.get("url", "")): each for each in answer[0][0][0][0]}


async def native_rooms(client: Client) -> dict[str, Element]:
    answer = await ask(client, "get", f"<items node='{NATIVE}'/>")
    assert condition(answer) == ""
    return {each.get("id", ""): each[0] for each in answer[0][0]}


async def test_a_native_bookmark_is_in_both_lists() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, PLAY)
        await bookmark(juliet, ORCHARD)
        for rooms in (await private_rooms(juliet), await legacy_rooms(juliet)):
            assert list(rooms) == [PLAY, ORCHARD]
            assert rooms[PLAY].get("autojoin") == "true"
            assert rooms[PLAY].findtext(f"{{{LEGACY}}}nick") == "JC"


async def test_a_native_bookmark_goes_from_both_lists() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, PLAY)
        await bookmark(juliet, ORCHARD)
        text = f"<retract node='{NATIVE}' notify='true'><item id='{PLAY}'/></retract>"
        assert condition(await ask(juliet, "set", text)) == ""
        assert list(await private_rooms(juliet)) == [ORCHARD]
        assert list(await legacy_rooms(juliet)) == [ORCHARD]


async def test_a_list_in_private_xml_becomes_items_and_a_node() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        phone = await arrive(house, "juliet/phone", NATIVE, LEGACY)
        page = "<url name='Works' url='http://the-tech.mit.edu/Shakespeare/'/>"
        text = storage(legacy(PLAY), page, legacy(ORCHARD))
        assert condition(await private(juliet, "set", text)) == ""
        await house.settle()
        assert item_ids(phone) == [PLAY, ORCHARD, "current"]
        assert list(await native_rooms(juliet)) == [PLAY, ORCHARD]
        for rooms in (await private_rooms(juliet), await legacy_rooms(juliet)):
            assert list(rooms) == [PLAY, ORCHARD, "http://the-tech.mit.edu/Shakespeare/"]


async def test_a_published_list_becomes_items() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        phone = await arrive(house, "juliet/phone", NATIVE, LEGACY)
        item = f"<item id='current'>{storage(legacy(PLAY), legacy(ORCHARD))}</item>"
        wanted = options(persist_items="true", access_model="whitelist")
        assert condition(await publish(juliet, LEGACY, item, with_options=wanted)) == ""
        await house.settle()
        assert item_ids(phone) == [PLAY, ORCHARD, "current"]
        assert list(await private_rooms(juliet)) == [PLAY, ORCHARD]


async def test_only_what_changed_is_told() -> None:
    """§5.3.2: "SHOULD NOT send notifications for unchanged items"."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        for room in ("a@c.example", "b@c.example", "c@c.example"):
            await bookmark(juliet, room)
        phone = await arrive(house, "juliet/phone", NATIVE)
        phone.take_all()
        text = storage(
            legacy("a@c.example"), legacy("c@c.example", "name='Y'"), legacy("d@c.example")
        )
        await private(juliet, "set", text)
        await house.settle()
        told = [(etree_name(each), each.get("id")) for event in events(phone) for each in event[0]]
        assert told == [
            ("retract", "b@c.example"), ("item", "c@c.example"), ("item", "d@c.example"),
        ]  # fmt: skip


def etree_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


async def test_extensions_outlive_old_clients() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, ORCHARD, "name='Orcard'", f"<extensions>{STATE}</extensions>")
        await private(juliet, "set", storage(legacy(ORCHARD, "name='Orchard'")))
        await house.settle()
        rooms = await native_rooms(juliet)
        assert rooms[ORCHARD].get("name") == "Orchard"
        kept = rooms[ORCHARD].find(f"{{{NATIVE}}}extensions")
        assert kept is not None
        assert kept[0].get("minimized") == "true"
        assert (await legacy_rooms(juliet))[ORCHARD].find(f"{{{NATIVE}}}extensions") is not None


async def test_what_we_publish_ourselves_begins_nothing_anew() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony", NATIVE, LEGACY)
        await bookmark(juliet, PLAY)
        await house.settle()
        assert item_ids(juliet) == [PLAY, "current"]
        await bookmark(juliet, PLAY)  # the same again: the list is what it was
        await house.settle()
        assert item_ids(juliet) == [PLAY]


async def test_a_node_that_others_can_read_is_left_alone() -> None:
    """XEP-0411 §5."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        wanted = options(access_model="open")
        await publish(juliet, NATIVE, native(PLAY), with_options=wanted)
        await private(juliet, "set", storage(legacy(ORCHARD)))
        await house.settle()
        assert list(await native_rooms(juliet)) == [PLAY]
        assert list(await private_rooms(juliet)) == [ORCHARD]
        assert condition(await ask(juliet, "get", f"<items node='{LEGACY}'/>")) == "item-not-found"


async def test_others_have_nothing_of_it() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        romeo = await arrive(house, "romeo/garden")
        await private(juliet, "set", storage(legacy(ORCHARD)))
        await house.settle()
        for node in (NATIVE, LEGACY):
            answer = await ask(romeo, "get", f"<items node='{node}'/>", juliet.jid.bare)
            assert condition(answer) != ""


async def test_a_list_from_before_becomes_items_at_the_next_login() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, PLAY)
        text = storage(legacy(ORCHARD), legacy(PLAY, "name='old'")).encode()
        tag = f"{{{LEGACY}}}storage"
        await (
            house.server.hosts["example.org"]
            .service("private_storage")
            .save(juliet.session.account, {tag: text})
        )
        await house.restart()
        phone = await house.login("juliet/phone")
        await house.settle()
        rooms = await native_rooms(phone)
        assert list(rooms) == [PLAY, ORCHARD]
        assert rooms[PLAY].get("name") == "X"
        assert list(await legacy_rooms(phone)) == [PLAY, ORCHARD]


async def test_a_published_list_is_items_before_it_is_acknowledged() -> None:
    """No crash after that takes a bookmark away: nothing has to follow."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        pubsub = house.server.hosts["example.org"].service("pubsub")
        pubsub.engine.watchers.clear()
        await publish(juliet, LEGACY, f"<item id='current'>{storage(legacy(PLAY))}</item>")
        assert list(await native_rooms(juliet)) == [PLAY]


async def test_two_devices_with_both_kinds_at_once() -> None:
    """Whatever comes first: all places say the same in the end."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        old = await arrive(house, "juliet/chamber")
        await bookmark(juliet, PLAY)
        for number in range(10):
            item = native(f"n{number}@c.example")
            juliet.say(
                f"<iq type='set' id='n{number}'><pubsub xmlns='{PUBSUB}'>"
                f"<publish node='{NATIVE}'>{item}</publish></pubsub></iq>"
            )
            text = storage(legacy(PLAY), legacy(f"l{number}@c.example"))
            old.say(
                f"<iq type='set' id='l{number}'><pubsub xmlns='{PUBSUB}'>"
                f"<publish node='{LEGACY}'><item id='current'>{text}</item></publish></pubsub></iq>"
            )
        await house.settle()
        rooms = set(await native_rooms(juliet))
        assert {PLAY, "l9@c.example"} <= rooms
        assert set(await legacy_rooms(old)) == set(await private_rooms(old)) == rooms


async def test_what_an_old_client_did_not_touch_stays_as_it_is() -> None:
    """Its list may be older than the items, after a crash for instance: base, theirs and ours."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        for room in (PLAY, ORCHARD, "gone@c.example"):
            await bookmark(juliet, room)
        await house.settle()
        engine = house.server.hosts["example.org"].service("pubsub").engine
        watchers = dict(engine.watchers)
        engine.watchers.clear()  # the list does not follow
        await bookmark(juliet, PLAY, "name='New'")
        await bookmark(juliet, "new@c.example")
        await ask(juliet, "set", f"<retract node='{NATIVE}'><item id='gone@c.example'/></retract>")
        engine.watchers.update(watchers)
        left = storage(legacy(PLAY), legacy("gone@c.example"), legacy("more@c.example"))
        await publish(juliet, LEGACY, f"<item id='current'>{left}</item>")
        await house.settle()
        rooms = await native_rooms(juliet)
        assert set(rooms) == {PLAY, "new@c.example", "more@c.example"}
        assert rooms[PLAY].get("name") == "New"
        assert set(await legacy_rooms(juliet)) == set(rooms)


async def test_of_many_lists_the_last_one_counts() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        lists = [storage(*(legacy(f"r{i}@c.example") for i in range(n, n + 5))) for n in range(20)]
        juliet.say(
            "".join(
                f"<iq type='set' id='{n}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                f"<publish node='{LEGACY}'><item id='current'>{text}</item></publish></pubsub></iq>"
                for n, text in enumerate(lists)
            )
        )
        await house.settle()
        wanted = {f"r{i}@c.example" for i in range(19, 24)}
        assert {*await native_rooms(juliet)} == wanted
        assert {*await private_rooms(juliet)} == {*await legacy_rooms(juliet)} == wanted


async def test_junk_in_the_old_node_takes_nothing_away() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, PLAY)
        await publish(juliet, LEGACY, "<item id='current'><junk xmlns='urn:x'/></item>")
        await house.settle()
        assert list(await native_rooms(juliet)) == [PLAY]
        assert list(await private_rooms(juliet)) == [PLAY]


async def test_the_old_node_comes_back_when_it_was_deleted_the_new_one_takes_all_with_it() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, PLAY)
        assert condition(await ask(juliet, "set", f"<delete node='{NATIVE}'/>", owner=True)) == ""
        await house.settle()
        assert await private_rooms(juliet) == {}
        assert await legacy_rooms(juliet) == {}
        await bookmark(juliet, PLAY)
        assert condition(await ask(juliet, "set", f"<delete node='{LEGACY}'/>", owner=True)) == ""
        await house.settle()
        assert list(await native_rooms(juliet)) == [PLAY]
        await bookmark(juliet, ORCHARD)
        await house.settle()
        assert list(await legacy_rooms(juliet)) == [PLAY, ORCHARD]


async def test_an_empty_list_is_an_empty_list() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        assert await private_rooms(juliet) == {}
        await bookmark(juliet, PLAY)
        await private(juliet, "set", storage())
        await house.settle()
        assert await native_rooms(juliet) == {}


async def test_the_features_are_on_the_account() -> None:
    async with House(EVERYTHING) as house:
        features = house.server.hosts["example.org"].features(At.OWN)
        assert {f"{NATIVE}#compat", f"{NATIVE}#compat-pep", "urn:xmpp:bookmarks-conversion:0"} <= {
            *features
        }


async def test_bookmarks_like_a_library_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 1000)
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await bookmark(juliet, PLAY)
        await bookmark(juliet, ORCHARD, "name='X'", f"<password>{'x' * 1000}</password>")
        assert list(await legacy_rooms(juliet)) == [PLAY]
        assert list(await native_rooms(juliet)) == [PLAY, ORCHARD]
        assert condition(await private(juliet, "get", storage())) == "not-acceptable"
