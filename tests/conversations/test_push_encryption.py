"""Devices that gave a key are told what was written, and nobody else (`tigase:push:encrypt:0`)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from extensions.push.contents import Contents
from extensions.push.publisher import MOST_AT_ONE
from extensions.push.tigase import ENCRYPT, FEATURES, PRIORITY
from server.errors import Condition, StanzaError
from tests.extensions.push.makers import BODY, CALL, NS, enable, open_makers, write
from tests.harness.loop import settle
from tests.harness.talk import expect_refusal

if TYPE_CHECKING:
    from tests.extensions.push.makers import Notification

KEY = bytes(range(16))
SEAL = f"<encrypt xmlns='{ENCRYPT}' alg='aes-128-gcm'>{b64encode(KEY).decode()}</encrypt>"
JINGLE = "<jingle xmlns='tigase:push:jingle:0'/>"
URGENT = f"<priority xmlns='{PRIORITY}'/>"
SECRET = "<body>the treasure is under the oak</body>"


def unsealed(notification: Notification) -> dict[str, Any]:
    found = notification.element.find(f"{{{ENCRYPT}}}encrypted")
    assert found is not None
    iv, data = b64decode(found.get("iv", "")), b64decode(found.text or "")
    opened: dict[str, Any] = json.loads(AESGCM(KEY).decrypt(iv, data, None))
    return opened


async def test_content_is_for_the_device_alone() -> None:
    async with open_makers(sender=True) as makers:
        await makers.asleep(more=SEAL)
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(7)
        [found] = makers.taken
        assert unsealed(found) == {
            "unread": 1, "sender": "ben@example.org", "type": "chat",
            "message": "the treasure is under the oak",
        }  # fmt: skip
        assert found.fields == {}
        shown = etree.tostring(found.element)
        assert b"oak" not in shown
        assert b"ben@" not in shown
        assert found.element.find(f"{{{PRIORITY}}}priority") is None


async def test_the_newest_is_told_and_all_are_counted() -> None:
    async with open_makers() as makers:
        await makers.asleep(more=SEAL + URGENT)
        ben = await makers.house.online("ben/pc")
        await write(ben, SECRET)
        await write(ben)
        await makers.pass_time(7)
        [found] = makers.taken
        assert (unsealed(found)["unread"], unsealed(found)["message"]) == (2, "hi")
        assert found.element.findtext(f"{{{PRIORITY}}}priority") == "high"


async def test_another_device_is_told_nothing() -> None:
    async with open_makers() as makers:
        phone = await makers.phone(node="open")
        await enable(phone, "sealed", SEAL)
        await phone.close()
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(7)
        assert {found.node: bool(found.fields) for found in makers.taken} == {
            "open": True, "sealed": False
        }  # fmt: skip


async def test_a_call() -> None:
    """At once, with what is needed to take it; the newest message must not stand in its way."""
    async with open_makers() as makers:
        await makers.asleep(more=SEAL + JINGLE)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await write(await makers.house.online("carl/pc"), CALL)
        [found] = makers.taken
        assert found.at == makers.house.clock.now()
        assert unsealed(found) == {
            "unread": 2, "sender": "carl@example.org/pc", "type": "call", "sid": "c1", "media": [],
        }  # fmt: skip
        element = found.element.find(f"{{{ENCRYPT}}}encrypted")
        assert element is not None
        assert element.get("type") == "voip"


async def test_a_bug_keeps_no_place_that_others_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_makers() as makers:
        for number in range(MOST_AT_ONE):
            await makers.asleep(node=f"{number}", more=SEAL)
        monkeypatch.setattr(Contents, "find", broken)
        ben = await makers.house.online("ben/pc")
        await write(ben, SECRET)
        await makers.pass_time(10)
        assert makers.taken == []
        monkeypatch.undo()
        await makers.pass_time(60)
        assert len(makers.taken) == MOST_AT_ONE


async def broken(contents: Contents, mid: int) -> None:
    raise RuntimeError("a bug of ours")


async def test_read_while_it_was_looked_up() -> None:
    async with open_makers() as makers:
        await makers.asleep(more=SEAL)
        desk = await makers.house.online("anna/desk")
        ben = await makers.house.online("ben/pc")
        makers.house.database.hold()
        ben.say(f"<message type='chat' to='anna@example.org'>{SECRET}</message>")
        for _ in range(14):
            await settle()
            makers.house.clock.advance(0.5)
        desk.say(f"<message type='chat' to='ben@example.org'>{BODY}</message>")
        await settle()
        makers.house.database.release()
        await makers.pass_time(10)
        assert makers.taken == []
        assert makers.app.asked == 0


async def test_without_a_key_again() -> None:
    """§4.3: "once again send push notifications enable request but without"."""
    async with open_makers() as makers:
        phone = await makers.phone(more=SEAL)
        await enable(phone)
        await phone.close()
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(7)
        assert makers.taken[0].fields == {
            "message-count": "1",
            "last-message-body": "1 new message",
        }


async def test_the_key_lasts() -> None:
    async with open_makers() as makers:
        await makers.asleep(more=SEAL)
        await makers.house.restart()
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(7)
        assert unsealed(makers.taken[0])["message"] == "the treasure is under the oak"


async def test_told_again_after_a_failure() -> None:
    async with open_makers() as makers:
        await makers.asleep(more=SEAL)
        makers.app.refusal = StanzaError(Condition.INTERNAL_SERVER_ERROR)
        await write(await makers.house.online("ben/pc"), SECRET)
        await makers.pass_time(20)
        makers.app.refusal = None
        await makers.pass_time(30)
        assert unsealed(makers.taken[0])["unread"] == 1


@pytest.mark.parametrize(("alg", "key", "condition"), [
    ("aes-128-gcm", "c2hvcnQ=", "bad-request"),
    ("rot13", b64encode(KEY).decode(), "feature-not-implemented"),
])  # fmt: skip
async def test_bad_keys(alg: str, key: str, condition: str) -> None:
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        inside = f"<encrypt xmlns='{ENCRYPT}' alg='{alg}'>{key}</encrypt>"
        wish = f"<enable xmlns='{NS}' jid='a.example' node='n'>{inside}</enable>"
        await anna.send(f"<iq type='set' id='e'>{wish}</iq>")
        await expect_refusal(anna, condition, "iq")
        assert await makers.house.database.fetch("SELECT node FROM push_device") == []


async def test_it_is_announced() -> None:
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        await anna.send(f"<iq type='get' id='i' to='anna@example.org'>{query}</iq>")
        answer = await anna.expect("<iq type='result' id='i'/>")
        assert {feature.get("var") for feature in answer[0]}.issuperset(FEATURES)
