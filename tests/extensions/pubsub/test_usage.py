"""Byte quotas: counted exactly, whatever happens, and refused with a condition one can act upon."""

import asyncio
from pathlib import Path

import pytest

from extensions.pubsub import PubSub, rules, store, usage
from extensions.pubsub.errors import QuotaReached, TooManyNodes
from extensions.pubsub.rows import FLAT, Payer
from extensions.pubsub.usage import Limits, Usage
from server.jid import JID
from server.storage.database import Database
from server.storage.errors import StorageError
from server.storage.insert import Row
from server.storage.migrate import load
from tests.extensions.pubsub.people import (
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    bare,
    condition,
    form,
    item,
    options,
    publish,
)  # fmt: skip
from tests.extensions.stage import Stage, open_stage
from tests.harness.backend import opened
from tests.harness.house import House

ROMEO = JID.of("romeo@montague.example")
MEBI = 1 << 20
LIMIT = {"bytes_per_account": "1MiB"}
PAYER: Payer = (1, "", "")


def payload(size: int) -> bytes:
    """An item that counts for so many bytes."""
    frame = b"<x xmlns='u'>%s</x>"
    return frame % (b"x" * (size - FLAT - len(frame) + 2))


async def truth(database: Database) -> dict[str, tuple[int, int]]:
    """Of each node what is noted, and what it should be."""
    rows = await database.fetch(
        "SELECT n.name, n.bytes, (SELECT COALESCE(SUM(length(i.payload) + 256), 0)"
        " FROM pubsub_item i WHERE i.node = n.id)"
        " + 256 * (SELECT count(*) FROM pubsub_affiliation a WHERE a.node = n.id)"
        " FROM pubsub_node n"
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


async def romeo(stage: Stage) -> PubSub:
    await stage.account("romeo")
    pubsub: PubSub = stage.host.service("pubsub")
    return pubsub


async def test_an_account_that_is_full_takes_no_more(tmp_path: Path) -> None:
    async with open_stage(tmp_path, pubsub=LIMIT) as stage:
        pubsub = await romeo(stage)
        options = {"max_items": "max"}
        for number in range(4):
            await pubsub.publish(ROMEO, "n", str(number), payload(MEBI // 4), options)
        with pytest.raises(QuotaReached) as refused:
            await pubsub.publish(ROMEO, "n", "one", b"<x xmlns='u'/>")
        assert refused.value.condition == "resource-constraint"
        with pytest.raises(QuotaReached):
            await pubsub.publish(ROMEO, "another", "one", b"<x xmlns='u'/>")
        # What takes no more room than was there is no question of room.
        await pubsub.publish(ROMEO, "n", "0", payload(MEBI // 4))
        await pubsub.publish(ROMEO, "n", "0", payload(MEBI // 4 - 1000))
        await pubsub.publish(ROMEO, "n", "one", payload(1000))
        with pytest.raises(QuotaReached):
            await pubsub.publish(ROMEO, "n", "two", b"<x xmlns='u'/>")
        await pubsub.retract(ROMEO, "n", ["one", "none"])
        await pubsub.publish(ROMEO, "n", "two", payload(1000))
        await pubsub.delete(ROMEO, "n")
        await pubsub.publish(ROMEO, "n", "0", payload(MEBI // 2), options)


async def test_what_a_full_node_drops_makes_room(tmp_path: Path) -> None:
    async with open_stage(tmp_path, pubsub=LIMIT) as stage:
        pubsub = await romeo(stage)
        for number in range(9):
            await pubsub.publish(ROMEO, "n", str(number), payload(MEBI // 2))
        assert [each.id for each in await pubsub.items(ROMEO, "n")] == ["8"]
        assert set(await truth(stage.server.database)) == {"n"}


async def test_who_has_filled_his_account_can_still_be_written_to(tmp_path: Path) -> None:
    """Without keys nobody can encrypt for him (XEP-0384 §5.3)."""
    async with open_stage(tmp_path, pubsub=LIMIT) as stage:
        pubsub = await romeo(stage)
        await pubsub.publish(ROMEO, "n", "a", payload(MEBI))
        for node in ("urn:xmpp:omemo:2:devices", "eu.siacs.conversations.axolotl.bundles:1"):
            await pubsub.publish(ROMEO, node, "current", payload(MEBI // 16))
        with pytest.raises(QuotaReached):
            await pubsub.publish(ROMEO, "urn:xmpp:omemo:2:bundles", "1", payload(1000))


async def test_an_account_pays_for_its_nodes_at_the_service_too() -> None:
    async with House(EVERYTHING, config={"pubsub": LIMIT}) as house:
        anna = await arrive(house, "anna/desk")
        ben = await arrive(house, "ben/desk")
        config = f"<configure>{form('node_config', publish_model='open')}</configure>"
        for client in (anna, ben):
            name = client.jid.local
            text = f"<create node='{name}'/>{config}"
            assert condition(await ask(client, "set", text, SERVICE)) == ""
        large = "x" * (200 << 10)
        for number in range(5):
            assert condition(await publish(ben, "anna", item(str(number), large), SERVICE)) == ""
        answer = await publish(ben, "anna", item("5", large), SERVICE)
        assert condition(answer) == "resource-constraint"
        assert condition(await publish(anna, "ben", item("0", large), SERVICE)) == ""
        await house.restart()
        ben = await arrive(house, "ben/desk")
        answer = await publish(ben, "anna", item("5", large), SERVICE)
        assert condition(answer) == "resource-constraint"


async def test_what_is_noted_is_what_is_there(tmp_path: Path) -> None:
    """After everything that can happen to a node; also whether it is counted as public."""
    async with open_stage(tmp_path) as stage:
        client = await stage.login("romeo", "orchard")
        pubsub: PubSub = stage.host.service("pubsub")
        ns = "http://jabber.org/protocol/pubsub"

        async def configure(**fields: str) -> None:
            text = f"<configure node='n'>{form('node_config', **fields)}</configure>"
            await client.ask("set", f"<pubsub xmlns='{ns}#owner'>{text}</pubsub>")

        async def affiliate(who: str, affiliation: str) -> None:
            entry = f"<affiliation jid='{who}' affiliation='{affiliation}'/>"
            text = f"<affiliations node='n'>{entry}</affiliations>"
            await client.ask("set", f"<pubsub xmlns='{ns}#owner'>{text}</pubsub>")

        async def check() -> None:
            node = await pubsub.engine.node(await pubsub.place(ROMEO), "n")
            assert node is not None
            public = await store.count_public(stage.server.database, node.key[0], "")
            assert public == rules.is_public(node.config)
            noted = await truth(stage.server.database)
            assert all(is_ == should for is_, should in noted.values()), noted

        options = {"max_items": "5", "item_expire": "60"}
        for number in range(8):
            await pubsub.publish(ROMEO, "n", str(number % 7), payload(300 + number), options)
            stage.clock.advance(5)
            await check()
        await affiliate("juliet@capulet.example", "member")
        await affiliate("nurse@capulet.example", "publisher")
        await affiliate("nurse@capulet.example", "none")
        await check()
        stage.clock.advance(40)  # some are too old now
        await pubsub.publish(ROMEO, "n", "new", payload(999))
        await check()
        await pubsub.publish(ROMEO, "n", "6", payload(500))  # this one, too
        await check()
        for fields in (
            {"max_items": "2"},
            {"item_expire": "0"},
            {"max_items": "9"},
            {"access_model": "open"},
            {"access_model": "whitelist"},
        ):
            await configure(**fields)
            await check()
        for number in range(4):
            await pubsub.publish(ROMEO, "n", str(number), payload(400))
        await pubsub.retract(ROMEO, "n", ["1", "1", "none"])
        await check()
        purge = f"<pubsub xmlns='{ns}#owner'><purge node='n'/></pubsub>"
        await client.ask("set", purge)
        await check()
        await pubsub.publish(ROMEO, "n", "a", payload(400))
        await configure(persist_items="false")
        await pubsub.publish(ROMEO, "n", "b", payload(400))
        await check()
        pubsub.engine.nodes.forget()
        found = await pubsub.engine.node(await pubsub.place(ROMEO), "n")
        assert found is not None
        assert found.bytes == FLAT  # juliet


async def test_of_two_who_want_the_last_bytes_one_gets_them(tmp_path: Path) -> None:
    """However long the database takes between the question and the write."""
    async with open_stage(tmp_path, pubsub=LIMIT) as stage:
        pubsub = await romeo(stage)

        async def one(name: str) -> bool:
            try:
                await pubsub.publish(ROMEO, name, "a", payload(MEBI * 2 // 5))
            except QuotaReached:
                return False
            return True

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(f"n{number}")) for number in range(5)]
        assert sum(task.result() for task in tasks) == 2


async def test_of_many_nodes_made_at_once_only_so_many_are(tmp_path: Path) -> None:
    async with open_stage(tmp_path, pubsub={"nodes_per_account": 50}) as stage:
        pubsub = await romeo(stage)

        async def one(name: str) -> bool:
            try:
                await pubsub.publish(ROMEO, name, "a", b"<x xmlns='u'/>")
            except TooManyNodes:
                return False
            return True

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(f"n{number}")) for number in range(60)]
        assert sum(task.result() for task in tasks) == 50
        assert len(await truth(stage.server.database)) == 50


# -- the sums alone --


class Sums:
    """A database that knows one answer."""

    def __init__(self) -> None:
        self.answer = (3, 100)
        self.asked = 0

    async def fetch_large(self, sql: str, *args: object) -> list[Row]:
        self.asked += 1
        await asyncio.sleep(0)
        return [self.answer]


def sums() -> tuple[Sums, Usage]:
    database = Sums()
    return database, Usage(lambda: database)  # type: ignore[arg-type, return-value]


async def test_sums_are_read_once() -> None:
    database, each = sums()
    for _ in range(3):
        async with each.charge(PAYER, Limits(9, 200), bytes_=30):
            pass
    with pytest.raises(QuotaReached):
        async with each.charge(PAYER, Limits(9, 200), bytes_=11):
            pass
    async with each.charge(PAYER, Limits(9, 10), bytes_=-1):
        pass  # giving back is never refused
    assert database.asked == 1


async def test_after_a_failure_the_sum_is_read_anew() -> None:
    """The write may have happened although it failed, or not."""
    database, each = sums()
    with pytest.raises(ValueError, match="disk"):
        async with each.charge(PAYER, Limits(9, 200), bytes_=30):
            raise ValueError("disk")
    assert len(each) == 0
    database.answer = (3, 190)
    with pytest.raises(QuotaReached):
        async with each.charge(PAYER, Limits(9, 200), bytes_=30):
            pass
    assert database.asked == 2


async def test_sums_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "KEPT", 10)
    _, each = sums()
    for number in range(30):
        async with each.charge((number, "", ""), Limits(9, 200)):
            pass
    assert len(each) == 10


async def test_what_was_stored_before_is_counted(tmp_path: Path) -> None:
    migrations = load("extensions.pubsub.migrations")
    async with opened(tmp_path, commit_interval=0, retry_interval=0) as database:
        await database.migrate("pubsub", migrations)
        await database.batch(
            [
                (
                    "INSERT INTO pubsub_node (id, account, service, name, creator, config)"
                    " VALUES (1, 1, '', 'n', 'romeo@montague.example', '{}')",
                    (),
                ),
                (
                    "INSERT INTO pubsub_item (node, seq, id, publisher, payload)"
                    " VALUES (1, 1, 'a', 'romeo@montague.example', $1)",
                    (b"x" * 1000,),
                ),
                ("INSERT INTO pubsub_affiliation VALUES (1, 'a@b', 'member')", ()),
            ]
        )
        # As it was before these migrations, whose statements are tried here.
        await database.execute(migrations[1].statements({})[-1])
        assert await truth(database) == {"n": (1512, 1512)}
        assert await store.usage(database, PAYER) == (1, 1512)
        for config, public in (
            ("{}", 1), ('{"access_model":"authorize"}', 1), ('{"access_model":"whitelist"}', 0),
        ):  # fmt: skip
            await database.execute("UPDATE pubsub_node SET public = 1, config = $1", config)
            await database.execute(migrations[2].statements({})[1])
            assert await store.count_public(database, 1, "") == public


async def test_what_could_not_be_stored_has_not_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in memory, nor in the sums, nor for anybody who is told of news."""
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk", "n")
        await publish(anna, "n", item("a"), with_options=options(max_items="2"))
        await publish(anna, "n", item("b"))
        anna.take_all()

        async def fail(steps: object) -> None:
            raise StorageError("database or disk is full")

        monkeypatch.setattr(house.database, "batch", fail)
        full = "resource-constraint"
        assert condition(await publish(anna, "n", item("c"))) == full
        assert condition(await publish(anna, "new", item("c"))) == full
        retract = "<retract node='n' notify='1'><item id='a'/></retract>"
        assert condition(await ask(anna, "set", retract)) == full
        change = f"<configure node='n'>{form('node_config', max_items='1')}</configure>"
        assert condition(await ask(anna, "set", change, owner=True)) == full
        assert condition(await ask(anna, "set", "<delete node='n'/>", owner=True)) == full
        await anna.expect_nothing()
        monkeypatch.undo()
        listed = await ask(anna, "get", "<items node='n'/>")
        assert [each.get("id") for each in listed[0][0]] == ["a", "b"]
        assert condition(await publish(anna, "n", item("c"))) == ""
        listed = await ask(anna, "get", "<items node='n'/>")
        assert [each.get("id") for each in listed[0][0]] == ["b", "c"]
        engine = house.server.hosts["example.org"].service("pubsub").engine
        place = await house.server.hosts["example.org"].service("pubsub").place(bare("anna"))
        node = await engine.node(place, "n")
        noted = await truth(house.database)
        assert set(noted) == {"n"}
        assert node.bytes == noted["n"][0] == noted["n"][1]
        assert node.count == 2
