"""Identifiers that the server gives to messages (XEP-0359), and the archive (XEP-0313)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.registry import ALL
from tests.harness.house import CORE, House
from tests.harness.talk import BODY

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client

STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
MAM = "urn:xmpp:mam:2"
FORWARDED = "{urn:xmpp:forward:0}forwarded/{jabber:client}message"
EVERYTHING = (*CORE, *ALL)


def ids(message: Element) -> list[tuple[str | None, str | None]]:
    return [(each.get("by"), each.get("id")) for each in message.findall(STANZA_ID)]


async def archived(client: Client) -> list[tuple[str, Element]]:
    """What the client's own archive has: identifiers and messages."""
    await client.send(f"<iq type='set' id='m'><query xmlns='{MAM}'/></iq>")
    results = [element.find(f"{{{MAM}}}result") for element in client.take_all()]
    found = []
    for result in results:
        if result is not None:
            message = result.find(FORWARDED)
            assert message is not None
            found.append((result.get("id", ""), message))
    return found


async def test_each_message_has_one() -> None:
    """§3 4: "at most one <stanza-id/> … with the same XMPP address as value of … 'by'"."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(f"<message type='chat' to='anna@example.org'>{BODY}</message>")
        await ben.send(f"<message type='chat' to='anna@example.org/a'>{BODY}</message>")
        one, two = await anna.next(), await anna.next()
        assert [by for by, _ in ids(one) + ids(two)] == ["anna@example.org"] * 2
        assert ids(one) != ids(two)


async def test_what_is_not_kept_has_none() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(
            f"<message to='anna@example.org'>{BODY}<no-store xmlns='urn:xmpp:hints'/></message>"
        )
        assert ids(await anna.next()) == []


FORGERIES = (
    "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='anna@example.org'/>"
    "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='ANNA@example.org'/>"
    "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='ben@example.org'/>"
    "<stanza-id xmlns='urn:xmpp:sid:0' id='honest' by='room@conference.example.net'/>"
    "<origin-id xmlns='urn:xmpp:sid:0' id='mine'/>"
)


@pytest.mark.parametrize("type_", ["chat", "normal", "headline"])
@pytest.mark.parametrize("to", ["anna@example.org", "anna@example.org/a"])
async def test_forged_ones_are_removed(type_: str, to: str) -> None:
    """§3 2: "MUST delete that element even if they are not adding their own stanza ID"; 3: only."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(f"<message type='{type_}' to='{to}'>{FORGERIES}{BODY}</message>")
        found = await anna.next()
        assert "forged" not in [name for _, name in ids(found)]
        assert ("room@conference.example.net", "honest") in ids(found)
        assert found.find("{urn:xmpp:sid:0}origin-id") is not None


async def test_forged_ones_are_removed_from_what_waits_and_what_is_archived() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await ben.send(f"<message type='chat' to='anna@example.org'>{FORGERIES}{BODY}</message>")
        anna = await house.login("anna/a")
        await anna.send("<presence/>")
        pending = [e for e in anna.take_all() if e.tag.endswith("message")]
        assert [by for by, _ in ids(pending[0])] == [
            "room@conference.example.net",
            "anna@example.org",
        ]
        for client in (anna, ben):
            ((_, message),) = await archived(client)
            assert "forged" not in [name for _, name in ids(message)]


async def test_the_identifier_is_that_of_the_archive() -> None:
    """XEP-0313 §5.1.1 (server assigned): the 'id' of the result is that of the stanza-id."""
    async with House(EVERYTHING) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        for text in ("1", "2"):
            await ben.send(
                f"<message type='chat' to='anna@example.org'><body>{text}</body></message>"
            )
        live = [ids(element)[0][1] for element in anna.take_all()]
        assert [name for name, _ in await archived(anna)] == live


async def test_both_sides_have_it_once() -> None:
    """XEP-0313 §6.1.1: "it MUST store such a stanza within a given archive only once"."""
    async with House(EVERYTHING) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(f"<message type='chat' id='x' to='anna@example.org'>{BODY}</message>")
        anna.take_all()
        for client in (anna, ben):
            ((_, message),) = await archived(client)
            assert message.get("id") == "x"
            assert message.get("from") == "ben@example.org/b"
            assert message.get("to") == "anna@example.org"


async def test_a_message_to_oneself_is_archived_once() -> None:
    async with House(EVERYTHING) as house:
        anna = await house.online("anna/a")
        await anna.send(f"<message type='chat' to='anna@example.org'>{BODY}</message>")
        live = await anna.next()
        ((name, _),) = await archived(anna)
        assert ids(live) == [("anna@example.org", name)]


async def test_identifiers_grow_across_restarts_and_clocks_that_jump_back() -> None:
    """The server's ordering: "growing with time within an archive"."""
    async with House() as house:
        names = []
        for _ in range(3):
            anna, ben = await house.online("anna/a"), await house.online("ben/b")
            await ben.send(f"<message to='anna@example.org'>{BODY}</message>")
            names.append(ids(await anna.next())[0][1])
            house.clock.epoch -= 3600
            await house.restart()
        assert names == sorted(set(names), key=str)
