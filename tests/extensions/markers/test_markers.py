"""XEP-0333: of the markers of each sender the newest is shown; identifiers stay known."""

from __future__ import annotations

import pytest
from lxml import etree

from extensions.markers import GATHERING
from extensions.markers.rules import is_marker
from server.jid import JID
from server.stanza import Stanza
from tests.extensions.chats import EVERYTHING, archive
from tests.harness.house import Client, House


def marker(of: str, more: str = "", to: str = "romeo@example.org") -> str:
    return (
        f"<message to='{to}' id='m-{of}'><displayed xmlns='urn:xmpp:chat-markers:0' id='{of}'/>"
        f"{more}</message>"
    )


async def later(house: House) -> None:
    await house.settle()
    house.clock.advance(GATHERING + 1)
    await house.settle()


async def names(client: Client) -> list[str | None]:
    return [message.get("id") for message in (await archive(client)).values()]


async def test_only_the_newest_marker_is_shown_at_both_ends() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await house.online("juliet/balcony"), await house.online("romeo/orchard")
        await juliet.send(marker("1"))
        await later(house)
        for of in ("2", "3"):
            await juliet.send(marker(of))
        await juliet.send("<message to='romeo@example.org' id='b'><body>b</body></message>")
        await romeo.send(marker("b", to="juliet@example.org"))
        assert await names(romeo) == ["m-1", "m-2", "m-3", "b", "m-b"]
        await later(house)
        for client in (juliet, romeo):
            assert await names(client) == ["m-3", "b", "m-b"]


async def test_markers_for_a_device_are_markers_for_its_owner() -> None:
    """Dino sends all of them to full addresses."""
    async with House(EVERYTHING) as house:
        juliet, romeo = await house.online("juliet/balcony"), await house.online("romeo/orchard")
        await juliet.send(marker("1", to=romeo.jid))
        await juliet.send(marker("2"))
        await juliet.send(marker("3", to=romeo.jid))
        await later(house)
        for client in (juliet, romeo):
            assert await names(client) == ["m-3"]


async def test_occupants_of_a_room_are_people_of_their_own() -> None:
    async with House(EVERYTHING) as house:
        juliet = await house.online("juliet/balcony")
        for of, nick in (("1", "nurse"), ("2", "romeo"), ("3", "nurse")):
            await juliet.send(marker(of, to=f"hall@rooms.elsewhere.example/{nick}"))
        await later(house)
        assert await names(juliet) == ["m-2", "m-3"]


async def test_what_came_after_a_hidden_marker_can_be_asked_for() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await house.online("juliet/balcony"), await house.online("romeo/orchard")
        await juliet.send(marker("1"))
        (hidden,) = await archive(romeo)
        await juliet.send(marker("2"))
        await later(house)
        romeo.take_all()
        await romeo.send(
            "<iq type='set' id='mam'><query xmlns='urn:xmpp:mam:2'>"
            "<set xmlns='http://jabber.org/protocol/rsm'>"
            f"<after>{hidden}</after></set></query></iq>"
        )
        found = romeo.take_all()
        assert len(found) == 2
        assert found[-1].get("type") == "result"


async def test_of_what_waits_only_the_newest_is_handed_out() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("romeo")
        juliet = await house.online("juliet/balcony")
        await juliet.send("<message to='romeo@example.org' id='b'><body>b</body></message>")
        for of in ("1", "2", "3"):
            await juliet.send(marker(of))
        await later(house)
        romeo = await house.login("romeo/orchard")
        await romeo.send("<presence/>")
        await house.settle()
        got = [e.get("id") for e in romeo.take_all() if e.tag == "{jabber:client}message"]
        assert got == ["b", "m-3"]


async def test_it_goes_on_after_a_restart() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("romeo")
        juliet = await house.online("juliet/balcony")
        await juliet.send(marker("1"))
        await later(house)
        await house.restart()
        juliet = await house.online("juliet/balcony")
        await juliet.send(marker("2"))
        await later(house)
        assert await names(juliet) == ["m-2"]


async def test_markers_are_copied_to_the_other_devices() -> None:
    async with House(EVERYTHING) as house:
        balcony, phone = await house.online("juliet/balcony"), await house.online("juliet/phone")
        await house.add_user("romeo")
        await phone.send("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
        phone.take_all()
        await balcony.send(marker("1"))
        assert (await phone.next()).find("{urn:xmpp:carbons:2}sent") is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/><store xmlns='urn:xmpp:hints'/>",
            True,
        ),
        ("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/><body>x</body>", False),
        ("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/><thread>x</thread>", False),
        (
            "<displayed xmlns='urn:xmpp:chat-markers:0'/><received xmlns='urn:xmpp:receipts'/>",
            False,
        ),
        (
            "<displayed xmlns='urn:xmpp:chat-markers:0'/>"
            "<x xmlns='http://jabber.org/protocol/muc#user'/>",
            False,
        ),
    ],
)
def test_what_is_nothing_but_a_marker(text: str, expected: bool) -> None:
    element = etree.fromstring(f"<message xmlns='jabber:client'>{text}</message>")
    jid = JID.parse("juliet@example.org")
    assert is_marker(Stanza("message", element, jid, jid)) is expected
    element.set("type", "groupchat")
    assert not is_marker(Stanza("message", element, jid, jid))


async def test_nothing_stays_of_accounts_that_are_gone() -> None:
    owners = "SELECT account FROM marker"
    async with House(EVERYTHING) as house:
        await house.add_user("romeo")
        juliet = await house.online("juliet/balcony")
        number = juliet.session.account.id
        await juliet.send(marker("1"))
        await juliet.send(
            "<iq type='set' id='go'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await later(house)
        assert number not in [row[0] for row in await house.database.fetch(owners)]
        await house.database.execute("INSERT INTO marker VALUES (9999, 'x@example.org', 0, 1)")
        await house.restart()
        assert 9999 not in [row[0] for row in await house.database.fetch(owners)]
