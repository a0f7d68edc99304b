"""XEP-0280: both sides of all conversations on all devices."""

from pathlib import Path

import pytest

from server.element import Element
from tests.extensions.stage import DOMAIN, Client, Stage, condition, open_stage

ENABLE = "<enable xmlns='urn:xmpp:carbons:2'/>"
DISABLE = "<disable xmlns='urn:xmpp:carbons:2'/>"
BODY = "<body>hi</body>"
CLIENT = "{jabber:client}"


async def device(stage: Stage, name: str, resource: str, priority: int = 0) -> Client:
    """A client that wants copies."""
    client = await stage.login(name, resource, priority)
    assert condition(await client.ask("set", ENABLE)) == ""
    return client


def copies(client: Client) -> list[tuple[str, str | None]]:
    """What was heard: how it came, and what it said."""
    found = []
    for message in client.heard():
        wrapper = next((c for c in message if c.tag.startswith("{urn:xmpp:carbons:2}")), None)
        if wrapper is None:
            found.append(("itself", message.findtext(f"{CLIENT}body")))
        else:
            inner = forwarded(message)
            assert message.get("from") == client.jid.bare
            assert message.get("to") == client.jid
            assert message.get("type") == inner.get("type")
            found.append((wrapper.tag.partition("}")[2], inner.findtext(f"{CLIENT}body")))
    return found


def forwarded(message: Element) -> Element:
    inner = message.find(f"*/{{urn:xmpp:forward:0}}forwarded/{CLIENT}message")
    assert inner is not None
    return inner


async def test_a_conversation_is_copied_to_every_device(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone, laptop = (
            await device(stage, "romeo", "phone"),
            await device(stage, "romeo", "laptop"),
        )
        balcony = await device(stage, "juliet", "balcony")
        chamber = await device(stage, "juliet", "chamber")
        await phone.send(f"<message type='chat' to='{balcony.jid}'>{BODY}</message>")
        assert copies(phone) == []
        assert copies(laptop) == [("sent", "hi")]
        assert copies(balcony) == [("itself", "hi")]
        assert copies(chamber) == [("received", "hi")]


async def test_who_gets_the_message_itself_gets_no_copy(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone = await stage.login("romeo", "phone")
        balcony = await device(stage, "juliet", "balcony")
        chamber = await device(stage, "juliet", "chamber")
        hidden = await device(stage, "juliet", "hidden", priority=-1)
        await phone.send(f"<message type='chat' to='{balcony.jid.bare}'>{BODY}</message>")
        assert copies(balcony) == copies(chamber) == [("itself", "hi")]
        assert copies(hidden) == [("received", "hi")]


async def test_copies_carry_the_identifier_of_the_own_archive(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone, laptop = (
            await device(stage, "romeo", "phone"),
            await device(stage, "romeo", "laptop"),
        )
        balcony = await device(stage, "juliet", "balcony")
        chamber = await device(stage, "juliet", "chamber")
        await phone.send(f"<message type='chat' to='{balcony.jid}'>{BODY}</message>")
        for client in (laptop, chamber):
            (message,) = client.heard()
            stamps = forwarded(message).findall("{urn:xmpp:sid:0}stanza-id")
            assert [stamp.get("by") for stamp in stamps] == [client.jid.bare]


async def test_copies_are_only_for_those_who_asked(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone, laptop = await stage.login("romeo", "phone"), await device(stage, "romeo", "laptop")
        await stage.account("juliet")
        assert condition(await laptop.ask("set", ENABLE)) == ""
        assert condition(await laptop.ask("set", DISABLE)) == ""
        assert condition(await laptop.ask("set", DISABLE)) == ""
        await phone.send(f"<message type='chat' to='juliet@{DOMAIN}'>{BODY}</message>")
        assert copies(laptop) == []


async def test_private_messages_are_not_copied_and_stay_marked(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone, laptop = await stage.login("romeo", "phone"), await device(stage, "romeo", "laptop")
        balcony = await device(stage, "juliet", "balcony")
        chamber = await device(stage, "juliet", "chamber")
        await phone.send(
            f"<message type='chat' to='{balcony.jid}'>{BODY}"
            "<private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/></message>"
        )
        assert copies(laptop) == copies(chamber) == []
        (message,) = balcony.heard()
        assert message.find("{urn:xmpp:carbons:2}private") is not None


async def test_a_message_to_oneself_reaches_each_device_once(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone, laptop = (
            await device(stage, "romeo", "phone"),
            await device(stage, "romeo", "laptop"),
        )
        tablet = await device(stage, "romeo", "tablet")
        await phone.send(f"<message type='chat' to='{laptop.jid}'>{BODY}</message>")
        assert copies(phone) == []
        assert copies(laptop) == [("itself", "hi")]
        assert copies(tablet) == [("received", "hi")]


@pytest.mark.parametrize("direction", ["sent", "received"])
async def test_clients_cannot_make_copies(tmp_path: Path, direction: str) -> None:
    """A forged copy would put words into somebody's mouth (§11)."""
    async with open_stage(tmp_path) as stage:
        tybalt = await stage.login("tybalt", "home")
        romeo = await device(stage, "romeo", "phone")
        forgery = (
            f"<{direction} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
            f"<message xmlns='jabber:client' from='juliet@{DOMAIN}/balcony'>{BODY}</message>"
            f"</forwarded></{direction}>"
        )
        await tybalt.send(f"<message type='chat' to='{romeo.jid}'>{BODY}{forgery}</message>")
        assert romeo.heard() == []
        (answer,) = tybalt.heard()
        assert answer.get("type") == "error"
        await tybalt.send(f"<message type='error' to='{romeo.jid}'>{forgery}</message>")
        assert romeo.heard() == tybalt.heard() == []


async def test_carbons_of_others_cannot_be_enabled(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, juliet = await stage.login("romeo", "phone"), await stage.login("juliet", "balcony")
        for payload in (ENABLE, DISABLE):
            answer = await romeo.ask("set", payload, juliet.jid.bare)
            assert condition(answer) == "not-allowed"


async def test_a_refused_copy_is_nobodys_business(tmp_path: Path) -> None:
    """By rule "the server MUST NOT forward that error back to the original sender" (§10.3)."""
    async with open_stage(tmp_path) as stage:
        phone = await device(stage, "romeo", "phone")
        laptop = await device(stage, "romeo", "laptop")
        await laptop.send(f"<message type='error' to='{phone.jid.bare}'/>")
        assert phone.heard() == laptop.heard() == []


async def test_errors_are_copied_with_the_conversation_they_end(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        phone = await device(stage, "romeo", "phone")
        laptop = await device(stage, "romeo", "laptop")
        juliet = await stage.login("juliet", "balcony")
        await juliet.send(f"<message type='error' to='{phone.jid}'/>")
        assert copies(phone) == [("itself", None)]
        assert copies(laptop) == [("received", None)]
