"""Notifications as clients made with Borogove's SDK want them (`urn:xmpp:push2:0`)."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from extensions.push.push2 import FEATURES, NS, WITH_BODY
from extensions.push.rules import GIVE_UP
from server.errors import Condition, StanzaError
from tests.extensions.push.makers import APP, BODY, CALL, Makers, manage, open_makers, write
from tests.extensions.push.test_push2 import WAKE, token, web
from tests.extensions.push.test_webpush import PUBLIC, RECEIVER, SECRET, b64, decrypt
from tests.harness.patterns import parse
from tests.harness.talk import expect_refusal

if TYPE_CHECKING:
    from server.element import Element
    from server.errors import ErrorType
    from tests.harness.house import Client

CLIENT = "https://push.example.com/adlfkjadafdasf"
IMPORTANT = "urn:xmpp:push2:match:important"


async def enable(
    phone: Client, inside: str = WAKE, client: str = CLIENT, profile: str = IMPORTANT
) -> None:
    where = f"<service>{APP}</service><client>{client}</client>"
    match = f"<match profile='{profile}'>{inside}</match>"
    await phone.send(f"<iq type='set' id='e'><enable xmlns='{NS}'>{where}{match}</enable></iq>")
    await phone.expect("<iq type='result' id='e'/>")


async def asleep(makers: Makers, inside: str = WAKE, profile: str = IMPORTANT) -> None:
    phone = await makers.house.online("anna/phone")
    await manage(phone)
    await enable(phone, inside, profile=profile)
    await phone.close()


def inside(letter: Element) -> Element:
    assert letter.get("from") == "example.org"
    found = letter.find(f"{{{NS}}}notification")
    assert found is not None
    return found


def opened(letter: Element) -> Element:
    """The message that the device reads."""
    tag = "{{urn:xmpp:sce:rfc8291:0}}{}".format
    payload = inside(letter).findtext(f"{tag('encrypted')}/{tag('payload')}")
    plain = decrypt(b64decode(payload or ""), RECEIVER, PUBLIC, SECRET)
    message = parse(plain.decode()).find("*/*/{jabber:client}message")
    assert message is not None
    return message


async def test_a_device_is_woken() -> None:
    async with open_makers() as makers:
        await asleep(makers)
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(4.5)
        assert makers.app.letters == []
        await makers.pass_time(100)
        [letter] = makers.app.letters
        assert [(each.tag, each.text) for each in inside(letter)] == [
            (f"{{{NS}}}client", CLIENT), (f"{{{NS}}}priority", "normal"),
        ]  # fmt: skip


async def test_content_for_the_device_alone() -> None:
    async with open_makers() as makers:
        await asleep(makers, web(more=token()))
        await write(await makers.house.online("ben/pc"), "<body>under the oak</body>")
        await makers.pass_time(7)
        [letter] = makers.app.letters
        found = inside(letter)
        message = opened(letter)
        assert message.findtext("{jabber:client}body") == "under the oak"
        assert message.get("from") == "ben@example.org/pc"
        claims = (found.findtext(f"{{{NS}}}jwt") or "").split(".")[1]
        assert json.loads(b64(claims))["aud"] == "https://p.example"
        assert json.loads(b64(claims))["sub"] == "https://example.org"


async def test_a_call_at_once() -> None:
    async with open_makers() as makers:
        await asleep(makers, web())
        await write(await makers.house.online("ben/pc"), CALL)
        found = inside(makers.app.letters[0])
        assert found.findtext(f"{{{NS}}}priority") == "high"
        assert found.find(f"{{{NS}}}voip") is not None


async def test_a_call_that_is_over() -> None:
    """Once, and only where it rang."""
    retract = "<retract xmlns='urn:xmpp:jingle-message:0' id='c1'/>"
    async with open_makers() as makers:
        await asleep(makers, web())
        ben = await makers.house.online("ben/pc")
        await write(ben, retract)
        assert makers.app.letters == []
        await write(ben, CALL)
        for _ in range(2):
            await write(ben, retract)
        tags = [[child.tag for child in opened(letter)] for letter in makers.app.letters]
        assert [found[0] for found in tags] == [
            "{urn:xmpp:jingle-message:0}propose", "{urn:xmpp:jingle-message:0}retract",
        ]  # fmt: skip
        assert inside(makers.app.letters[1]).find(f"{{{NS}}}voip") is not None
        await makers.pass_time(100)
        assert len(makers.app.letters) == 2


async def test_only_what_has_a_body() -> None:
    async with open_makers() as makers:
        await asleep(makers, profile=WITH_BODY)
        ben = await makers.house.online("ben/pc")
        await write(ben, CALL)
        assert makers.app.letters == []
        await write(ben)
        await makers.pass_time(7)
        assert len(makers.app.letters) == 1


async def test_a_chat_that_is_filtered() -> None:
    chat = "<filter jid='ben@example.org'><reply/></filter>"
    reply = "<reply xmlns='urn:xmpp:reply:0' to='anna@example.org/phone' id='1'/>"
    async with open_makers() as makers:
        await asleep(makers, chat + WAKE)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(100)
        assert makers.app.letters == []
        await write(ben, BODY + reply)
        await makers.pass_time(7)
        assert len(makers.app.letters) == 1


async def test_grace_while_the_user_is_elsewhere() -> None:
    """`grace`: it waits as long as another device is in use; what is read there is never told."""
    async with open_makers() as makers:
        await asleep(makers, "<grace>30</grace>" + WAKE)
        desk = await makers.house.online("anna/desk")
        ben = await makers.house.online("ben/pc")
        await write(desk, to="carl@example.org")
        await write(ben)
        await makers.pass_time(20)
        assert makers.app.letters == []
        await write(desk, to="carl@example.org")
        await makers.pass_time(20)
        assert makers.app.letters == []
        await makers.pass_time(15)
        assert len(makers.app.letters) == 1


async def test_a_client_has_one_registration() -> None:
    async with open_makers() as makers:
        phone = await makers.house.online("anna/phone")
        tablet = await makers.house.online("anna/tablet")
        phone.take_all()
        await enable(phone, client="old")
        await enable(phone, client="new")
        await enable(tablet, client="tablet")
        fetch = makers.house.database.fetch
        rows = await fetch("SELECT node FROM push_device ORDER BY node")
        assert [row[0] for row in rows] == ["new", "tablet"]
        await phone.send(f"<iq type='set' id='d'><disable xmlns='{NS}'/></iq>")
        await phone.expect("<iq type='result' id='d'/>")
        assert [row[0] for row in await fetch("SELECT node FROM push_device")] == ["tablet"]


async def test_after_a_restart() -> None:
    async with open_makers() as makers:
        await asleep(makers, web())
        await write(await makers.house.online("ben/pc"))
        await makers.house.restart()
        await makers.pass_time(100)
        assert len(makers.app.letters) == 1


@pytest.mark.parametrize(("condition", "type_", "asked", "left"), [
    (Condition.SERVICE_UNAVAILABLE, "cancel", 1, 1),
    (Condition.RESOURCE_CONSTRAINT, "wait", 2, 1),
    (Condition.ITEM_NOT_FOUND, "cancel", 1, 0),
])  # fmt: skip
async def test_what_comes_back(
    condition: Condition, type_: ErrorType, asked: int, left: int
) -> None:
    """Told once more only where that is of use; not at all where it never will be."""
    async with open_makers() as makers:
        await asleep(makers)
        makers.app.refusal = StanzaError(condition, type=type_)
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(60)
        assert makers.app.asked == asked
        rows = await makers.house.database.fetch("SELECT node FROM push_device")
        assert len(rows) == left


async def test_what_comes_back_again_and_again() -> None:
    async with open_makers() as makers:
        await asleep(makers)
        makers.app.refusal = StanzaError(Condition.SERVICE_UNAVAILABLE)
        ben = await makers.house.online("ben/pc")
        for _ in range(GIVE_UP + 3):
            await write(ben)
            await makers.pass_time(70)
        assert makers.app.asked == GIVE_UP
        assert await makers.house.database.fetch("SELECT node FROM push_device") == []


async def test_somebody_else_says_that_it_came_back() -> None:
    async with open_makers() as makers:
        await asleep(makers)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        name = makers.app.letters[0].get("id")
        error = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        await ben.send(f"<message type='error' to='example.org' id='{name}'>{error}</message>")
        assert len(await makers.house.database.fetch("SELECT node FROM push_device")) == 1


async def test_wishes_that_make_no_sense() -> None:
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        where = "<service>ben@example.org</service><client>c</client>"
        match = f"<match profile='{IMPORTANT}'>{WAKE}</match>"
        for text, condition in ((where + match, "not-acceptable"), (match, "bad-request")):
            await anna.send(f"<iq type='set' id='e'><enable xmlns='{NS}'>{text}</enable></iq>")
            await expect_refusal(anna, condition, "iq")


async def test_it_is_announced() -> None:
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        await anna.send(f"<iq type='get' id='i' to='anna@example.org'>{query}</iq>")
        answer = await anna.expect("<iq type='result' id='i'/>")
        assert {feature.get("var") for feature in answer[0]}.issuperset(FEATURES)
