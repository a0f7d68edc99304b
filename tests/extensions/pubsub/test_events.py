"""XEP-0060 §7.1.2, XEP-0163 §4.3: one notification for very many, serialised once."""

from pathlib import Path

import pytest
from lxml import etree

from extensions.pubsub import PubSub, payloads
from extensions.pubsub.events import Event, send_all
from server.element import Element
from server.jid import JID
from server.stanza import qualify
from tests.extensions.pubsub.crowd import befriended
from tests.extensions.stage import Stage, open_stage

TUNE = "http://jabber.org/protocol/tune"
ROMEO = JID.of("romeo@montague.example")


class Counter:
    """Counts what is serialised and parsed while it watches."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.built = self.parsed = 0
        build, parse = Event.__init__, Event.stanza

        def built(event: Event, *args: object, **named: object) -> None:
            self.built += 1
            build(event, *args, **named)  # type: ignore[arg-type]

        def parsed(event: Event, to: JID) -> object:
            self.parsed += 1
            return parse(event, to)

        patch.setattr(Event, "__init__", built)
        patch.setattr(Event, "stanza", parsed)


async def test_a_thousand_contacts_hear_of_one_serialised_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        account = romeo.session.account
        streams = befriended(stage.host, account, 1000, TUNE)
        deaf = befriended(stage.host, account, 10, "urn:other")
        counter = Counter(monkeypatch)
        pubsub: PubSub = stage.host.service("pubsub")
        before = len(stage.server.tasks)
        await pubsub.publish(ROMEO, TUNE, "current", b"<tune xmlns='u'/>")
        assert counter.built == 1
        assert counter.parsed == 0
        assert len(stage.server.tasks) <= before
        assert all(stream.written == [] for stream in deaf)
        wires = [wire for stream in streams[10:] for wire in stream.written]
        assert len(wires) == 990
        head, _, tail = wires[0].partition(b"friend10@montague.example/phone")
        assert wires[-1] == head + b"friend999@montague.example/phone" + tail
        element = etree.fromstring(qualify(wires[0]))
        assert element.get("from") == ROMEO


async def subscribed(stage: Stage, node: str, count: int) -> PubSub:
    """The service with a node that so many are subscribed to."""
    romeo = await stage.login("romeo", "orchard")
    pubsub: PubSub = stage.host.service("pubsub")
    ask = f"<pubsub xmlns='{payloads.NS}'><create node='{node}'/></pubsub>"
    await romeo.ask("set", ask, pubsub.service.jid)
    found = await pubsub.engine.node(pubsub.service.place, node)
    assert found is not None
    entries = "".join(
        f"<subscription jid='friend{number}@montague.example' subscription='subscribed'/>"
        for number in range(count)
    )
    text = f"<subscriptions node='{node}'>{entries}</subscriptions>"
    request = f"<pubsub xmlns='{payloads.NS_OWNER}'>{text}</pubsub>"
    await romeo.ask("set", request, pubsub.service.jid)
    return pubsub


async def test_a_hundred_subscribers_hear_of_one_serialised_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(tmp_path) as stage:
        pubsub = await subscribed(stage, "news", 100)
        account = await stage.host.accounts.load(ROMEO)
        assert account is not None
        streams = befriended(stage.host, account, 100)
        counter = Counter(monkeypatch)
        parses: list[bytes] = []
        real = etree.fromstring

        def parse(wire: bytes) -> Element:
            parses.append(wire)
            return real(wire)

        monkeypatch.setattr(etree, "fromstring", parse)
        await pubsub.publish(pubsub.service.jid, "news", "a", b"<x xmlns='u'/>")
        assert counter.built == 1
        # For the taps of the recipients' host it is parsed once, not for each of them.
        assert len(parses) == 1
        assert all(len(stream.written) == 1 for stream in streams)
        assert b"to='friend7@montague.example'" in streams[7].written[0]


async def test_headlines_are_for_those_who_are_there(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        hidden = await stage.login("romeo", "cellar", priority=-1)
        offline = await stage.account("juliet")
        event = Event(JID.of("pubsub.montague.example"), "1", b"<items node='x'/>")
        send_all(stage.server, event, [ROMEO, offline, JID.of("romeo@montague.example/none")])
        assert len(romeo.heard()) == 1
        assert hidden.heard() == []
        send_all(stage.server, event, [hidden.jid])
        assert len(hidden.heard()) == 1


async def test_normal_messages_wait_for_those_who_are_not(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        offline = await stage.account("juliet")
        content = b"<items node='x'/>"
        extra = b"<body>news</body>"
        event = Event(JID.of("pubsub.montague.example"), "1", content, headline=False, extra=extra)
        send_all(stage.server, event, [offline])
        await stage.server.journal.sync()
        account = await stage.host.accounts.load(offline)
        assert account is not None
        assert account.ledger.has_pending
