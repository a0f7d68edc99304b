"""XEP-0352: what is held back, and when it is let go."""

from pathlib import Path
from typing import Any

from lxml import etree

from extensions.csi import HELD_BYTES, HELD_LIMIT, NS, ClientState
from tests.extensions.stage import Client, FakeStream, Stage, open_stage
from tests.harness.house import CORE, House

BODY = b"<message from='a@b.example' to='c@d.example'><body>x</body></message>"


def presence(number: int = 0, show: bytes = b"") -> bytes:
    return b"<presence from='a@b.example/%d' to='c@d.example'>%s</presence>" % (number, show)


def tell(stage: Stage, client: Client, state: str) -> None:
    element: Any = etree.fromstring(f"<{state} xmlns='{NS}'/>")
    stage.host.tables.nonzas[element.tag](client.session, element)


async def test_the_stream_feature(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        assert b"<csi xmlns='urn:xmpp:csi:0'/>" in stage.host.tables.stream_features


async def test_an_inactive_client_is_spared_until_something_matters(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "phone")
        tell(stage, romeo, "inactive")
        assert not romeo.session.active
        away, dnd = presence(0, b"<show>away</show>"), presence(0, b"<show>dnd</show>")
        for wire in (away, presence(1), dnd):
            romeo.session.send(wire)
        assert romeo.stream.written == []
        romeo.session.send(BODY)
        assert romeo.stream.written == [presence(1), dnd, BODY]
        romeo.session.send(away)
        assert len(romeo.stream.written) == 3


async def test_an_active_client_hears_all_at_once(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "phone")
        tell(stage, romeo, "inactive")
        tell(stage, romeo, "inactive")
        romeo.session.send(presence())
        tell(stage, romeo, "active")
        assert romeo.stream.written == [presence()]
        assert romeo.session.active
        romeo.session.send(presence())
        assert len(romeo.stream.written) == 2
        tell(stage, romeo, "active")
        assert len(romeo.stream.written) == 2


async def test_the_bytes_that_wait_are_bounded(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "phone")
        tell(stage, romeo, "inactive")
        large = b"<status>%s</status>" % bytes(b"x" * (HELD_BYTES // 4))
        for _ in range(9):
            romeo.session.send(presence(0, large))
        assert romeo.stream.written == []
        for number in range(1, 4):
            romeo.session.send(presence(number, large))
        assert len(romeo.stream.written) == 4


async def test_what_waits_is_bounded(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "phone")
        tell(stage, romeo, "inactive")
        for number in range(HELD_LIMIT):
            romeo.session.send(presence(number))
        assert romeo.stream.written == []
        romeo.session.send(presence(HELD_LIMIT))
        assert len(romeo.stream.written) == HELD_LIMIT + 1


async def test_stored_messages_never_wait(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "phone")
        tell(stage, romeo, "inactive")
        romeo.session.send(presence(), 77)
        assert romeo.stream.written == [presence()]


async def test_a_resumed_stream_is_active(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "phone")
        tell(stage, romeo, "inactive")
        romeo.session.stream = None
        romeo.session.send(presence(1))
        romeo.stream = FakeStream()
        romeo.session.stream = romeo.stream
        romeo.session.send(presence(2))
        assert romeo.stream.written == [presence(1), presence(2)]
        assert romeo.session.active
        romeo.session.stream = FakeStream()
        tell(stage, romeo, "inactive")
        assert not romeo.session.active


async def test_a_client_says_so_on_its_stream() -> None:
    async with House((*CORE, ClientState)) as house:
        anna = await house.online("anna/phone")
        await anna.send("<inactive xmlns='urn:xmpp:csi:0'/>")
        await house.online("anna/desk")
        await anna.expect_nothing()
        # "the server first changes the CSI state to active and flushes … stanzas" (§5.1)
        await anna.send(
            "<active xmlns='urn:xmpp:csi:0'/>"
            "<iq type='get' id='1' to='example.org'><x xmlns='urn:example'/></iq>"
        )
        await anna.expect("<presence from='anna@example.org/desk'/>")
        await anna.expect("<iq type='error' id='1'/>")
