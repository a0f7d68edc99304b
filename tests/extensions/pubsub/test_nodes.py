"""Nodes in memory are what is in the database, and not too many."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extensions.pubsub import PubSub, nodes, store
from extensions.pubsub.configuration import NodeConfig
from extensions.pubsub.options import DEFAULT
from extensions.pubsub.terms import State
from server.jid import JID
from server.storage.insert import Step
from tests.extensions.stage import open_stage

if TYPE_CHECKING:
    from extensions.pubsub.nodes import Nodes

ROMEO = JID.of("romeo@montague.example")


async def test_few_nodes_are_kept_and_all_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "WEIGHT", 10)
    async with open_stage(tmp_path) as stage:
        await stage.account("romeo")
        pubsub: PubSub = stage.host.service("pubsub")
        for number in range(30):
            await pubsub.publish(ROMEO, f"n{number}", "a", b"<x xmlns='u'/>")
        kept: Nodes = pubsub.engine.nodes
        assert len(kept) <= 10
        for number in range(30):
            assert len(await pubsub.items(ROMEO, f"n{number}")) == 1
        assert len(kept) <= 10
        kept.forget()
        assert len(kept) == 0


async def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        pubsub: PubSub = stage.host.service("pubsub")
        place = pubsub.service.place
        await romeo.ask(
            "set",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='n'/></pubsub>",
            place.jid,
        )
        before = await pubsub.engine.node(place, "n")
        pubsub.engine.nodes.forget()
        after = await pubsub.engine.node(place, "n")
        assert before is not None
        assert after is not None
        assert before is not after
        for name in (
            "id",
            "key",
            "creator",
            "config",
            "affiliations",
            "subscriptions",
            "resources",
        ):
            assert getattr(before, name) == getattr(after, name)
        assert after is await pubsub.engine.node(place, "n")


async def test_items_that_are_stored_are_not_kept_in_memory_as_well(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await stage.account("romeo")
        pubsub: PubSub = stage.host.service("pubsub")
        place = await pubsub.place(ROMEO)
        large = b"<x xmlns='u'>%s</x>" % (b"x" * 20 * nodes.BYTES)
        await pubsub.publish(ROMEO, "stored", "a", large)
        stored = await pubsub.engine.node(place, "stored")
        assert stored is not None
        assert stored.last is None
        await pubsub.publish(ROMEO, "passing", "a", large, {"persist_items": "false"})
        passing = await pubsub.engine.node(place, "passing")
        assert passing is not None
        assert passing.last is not None
        assert passing.weight > 20


def test_who_comes_and_goes_leaves_nothing_in_memory() -> None:
    node = nodes.Node((1, "", "n"), 1, ROMEO, NodeConfig(), ROMEO)
    for state in (State.SUBSCRIBED, State.NONE):
        for number in range(9):
            jid = JID.parse(f"guest{number}@montague.example/phone")
            node.put(nodes.Subscription(jid, state, DEFAULT))
    assert node.subscriptions == {}
    assert node.resources == {}


async def test_a_node_that_was_written_to_while_it_was_deleted_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was in memory or not; and nothing is left in the database that belongs to it."""
    async with open_stage(tmp_path) as stage:
        await stage.account("romeo")
        pubsub: PubSub = stage.host.service("pubsub")
        await pubsub.publish(ROMEO, "n", "a", b"<x xmlns='u'/>")
        engine, database = pubsub.engine, stage.server.database
        account = (await pubsub.place(ROMEO)).account
        write = engine.write

        async def late(steps: list[Step]) -> None:
            engine.nodes.gone((account, "", "n"))  # as if there had been no room for it
            await database.batch(store.delete_nodes(account))
            engine.forget()
            await write(steps)

        monkeypatch.setattr(engine, "write", late)
        await pubsub.publish(ROMEO, "n", "b", b"<x xmlns='u'/>")
        assert await pubsub.items(ROMEO, "n") == []
        assert len(engine.nodes) == 0
        assert await database.fetch("SELECT id FROM pubsub_item") == []
