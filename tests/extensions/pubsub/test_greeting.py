"""XEP-0163 §4.3.4: the last items for a device that has just come."""

import asyncio

import pytest

from extensions.pubsub import store
from extensions.pubsub.greeting import greet
from extensions.pubsub.rows import ItemRow, NewsRow
from server.storage import roster
from server.storage.database import Database
from tests.extensions.pubsub.people import (
    EVERYTHING,
    arrive,
    bare,
    befriend,
    item,
    item_ids,
    options,
    publish,
)
from tests.harness.house import House

TUNE, MOOD = "http://jabber.org/protocol/tune", "http://jabber.org/protocol/mood"


async def bind(house: House, owner: str, contact: str, state: str, *groups: str) -> None:
    """Let `owner` have a contact in this state."""
    jid, friend = await house.add_user(owner), await house.add_user(contact)
    rows = await house.database.fetch("SELECT id FROM account WHERE jid = $1", jid)
    found = roster.Item(friend, "", state, groups=groups, version=house.server.ids.next(1))
    await house.database.batch(roster.save_item(rows[0][0], found))


@pytest.mark.parametrize(
    ("theirs", "mine", "expected"),
    [
        # theirs: Juliet's state towards Romeo; mine: his towards her
        ("both", "both", ["a"]),
        ("from", "to", []),  # he does not share his presence
        ("to", "from", []),  # he does not see hers
        ("none", "both", []),  # her word counts, not his
        ("none", "none", []),
    ],
)
async def test_only_contacts_who_share_presence(
    theirs: str, mine: str, expected: list[str]
) -> None:
    async with House(EVERYTHING) as house:
        await bind(house, "juliet", "romeo", theirs)
        await bind(house, "romeo", "juliet", mine)
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, TUNE, item("a"))
        romeo = await arrive(house, "romeo/orchard", TUNE)
        assert item_ids(romeo) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (options(access_model="whitelist"), []),
        (options(access_model="roster", roster_groups_allowed="Friends"), ["a"]),
        (options(access_model="roster", roster_groups_allowed="Servants"), []),
        (options(access_model="open"), ["a"]),
        (options(send_last_published_item="never"), []),
        (options(send_last_published_item="on_sub"), []),
        (options(deliver_notifications="0"), []),
        (options(persist_items="0"), []),
    ],
)
async def test_only_nodes_that_are_for_them(wanted: str, expected: list[str]) -> None:
    async with House(EVERYTHING) as house:
        await bind(house, "juliet", "romeo", "both", "Friends")
        await bind(house, "romeo", "juliet", "both")
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, TUNE, item("a"), "", wanted)
        romeo = await arrive(house, "romeo/orchard", TUNE)
        assert item_ids(romeo) == expected
        await publish(juliet, TUNE, item("b"))
        hears = expected == ["a"] or "last" in wanted or "persist" in wanted
        assert item_ids(romeo) == (["b"] if hears else [])


async def test_the_owner_sees_private_nodes_too() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, TUNE, item("a"), "", options(access_model="whitelist"))
        await publish(juliet, MOOD, item("b"))
        chamber = await arrive(house, "juliet/chamber", TUNE, MOOD)
        assert sorted(item_ids(chamber)) == ["a", "b"]


async def test_many_contacts_are_asked_for_in_portions() -> None:
    async with House(EVERYTHING) as house:
        for number in range(120):
            await befriend(house, "romeo", f"friend{number}")
            pubsub = house.server.hosts["example.org"].service("pubsub")
            await pubsub.publish(bare(f"friend{number}"), TUNE, str(number), b"<x xmlns='u'/>")
        romeo = await arrive(house, "romeo/orchard", TUNE)
        assert sorted(item_ids(romeo), key=int) == [str(number) for number in range(120)]


async def test_a_hidden_contact_tells_nothing() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, TUNE, item("a"))
        juliet.session.account.roster.veil(lambda jid: jid == bare("romeo"))
        romeo = await arrive(house, "romeo/orchard", TUNE)
        assert item_ids(romeo) == []
        await publish(juliet, TUNE, item("b"))
        assert item_ids(romeo) == []


async def test_new_friends_hear_of_each_other() -> None:
    """§4.3.4: "the last published item to all new subscribers", as soon as both share presence."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony", TUNE)
        romeo = await arrive(house, "romeo/orchard", TUNE)
        await publish(juliet, TUNE, item("hers"))
        await publish(romeo, TUNE, item("his"))
        item_ids(juliet), item_ids(romeo)
        await romeo.send("<presence type='subscribe' to='juliet@example.org'/>")
        await juliet.send("<presence type='subscribed' to='romeo@example.org'/>")
        assert item_ids(romeo) == []
        await juliet.send("<presence type='subscribe' to='romeo@example.org'/>")
        await romeo.send("<presence type='subscribed' to='juliet@example.org'/>")
        assert item_ids(romeo) == ["hers"]
        assert item_ids(juliet) == ["his"]


async def test_a_device_is_told_by_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        engine = house.server.hosts["example.org"].service("pubsub").engine
        gate, asked, own_news = asyncio.Event(), [], store.own_news

        async def slow(database: Database, account: int) -> list[NewsRow]:
            asked.append(account)
            await gate.wait()
            return await own_news(database, account)

        monkeypatch.setattr(store, "own_news", slow)
        async with asyncio.TaskGroup() as tasks:
            for interest in (TUNE, MOOD, TUNE, MOOD):
                tasks.create_task(greet(engine, juliet.session, frozenset((interest,))))
            await house.settle()
            assert len(asked) == 1
            gate.set()
        assert len(asked) == 2
        assert engine.greeted == {}


async def test_the_older_one_never_comes_after_the_newer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is published while the last item is read has been told already: a list of devices, say.

    Whoever hears of the older one last believes that one.
    """
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        pubsub = house.server.hosts["example.org"].service("pubsub")
        await publish(juliet, TUNE, item("old"))
        read = store.last_item
        meanwhile = ["new"]

        async def slowly(db: Database, node: int, since: int = 0) -> ItemRow | None:
            found = await read(db, node, since)
            if meanwhile:
                await pubsub.publish(bare("juliet"), TUNE, meanwhile.pop(), b"<x xmlns='u'/>")
            return found

        monkeypatch.setattr(store, "last_item", slowly)
        chamber = await arrive(house, "juliet/chamber", TUNE)
        assert set(item_ids(chamber)) == {"new"}
        meanwhile.append("newer")
        street = await arrive(house, "juliet/street", TUNE)
        assert set(item_ids(street)) == {"newer"}
