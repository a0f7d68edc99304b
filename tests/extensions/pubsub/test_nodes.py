"""Nodes in memory are what is in the database, and not too many."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extensions.pubsub import PubSub, nodes
from server.jid import JID
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
