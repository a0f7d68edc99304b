"""Notifications that only the device can read."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from extensions.push.content import EXCERPT, Call, Content, content_of
from extensions.push.sealing import STEP, sealed
from extensions.push.tigase import ENCRYPT, LEAST_SIZE
from extensions.push.wants import Seal
from server.jid import JID
from server.stanza import Stanza
from tests.harness.patterns import parse

KEY, IV = bytes(range(16)), bytes(range(12))
BEN = JID.of("ben@example.org/pc")
CALL = "<propose xmlns='urn:xmpp:jingle-message:0' id='{}'>{}</propose>"
RTP = "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='{}'/>"


def opened(text: bytes) -> tuple[dict[str, Any], str | None, int]:
    """What the device reads, the type, and the size that the app server sees."""
    element = parse(text.decode())
    assert element.tag == f"{{{ENCRYPT}}}encrypted"
    data = b64decode(element.text or "")
    assert b64decode(element.get("iv", "")) == IV
    plain = AESGCM(KEY).decrypt(IV, data, None)
    return json.loads(plain), element.get("type"), len(element.text or "")


def seal(content: Content, max_size: int = 0, *, takes_calls: bool = True) -> Any:
    return opened(sealed(Seal(KEY, max_size), IV, 3, content, takes_calls=takes_calls))


def test_a_message() -> None:
    found, type_, _ = seal(Content(BEN, 'Wherefore art thou, "Romeo"?'))
    assert found == {
        "unread": 3, "sender": "ben@example.org", "type": "chat",
        "message": "Wherefore art thou, \"Romeo\"?",
    }  # fmt: skip
    assert type_ is None


def test_a_message_of_a_room() -> None:
    found, _, _ = seal(Content(JID.of("room@m"), "hi", "Ben", is_groupchat=True))
    assert (found["type"], found["nickname"], found["sender"]) == ("groupchat", "Ben", "room@m")


def test_a_call() -> None:
    """The full address, and media even if there are none."""
    found, type_, _ = seal(Content(BEN, call=Call("s1", ())))
    assert found == {
        "unread": 3, "sender": "ben@example.org/pc", "type": "call", "sid": "s1", "media": [],
    }  # fmt: skip
    assert type_ == "voip"


def test_a_call_for_a_device_that_takes_none_this_way() -> None:
    found, type_, _ = seal(Content(BEN, "Incoming call", call=Call("s1", ())), takes_calls=False)
    assert (found["type"], found["message"], type_) == ("chat", "Incoming call", None)


def test_all_have_the_same_size() -> None:
    sizes = {
        seal(Content(BEN, "x" * length), takes_calls=False)[2] for length in (0, 1, 100, EXCERPT)
    }
    sizes.add(seal(Content(BEN, call=Call("s1", ("audio",))))[2])
    assert len(sizes) == 1
    assert sizes.pop() >= STEP


@given(
    st.text(st.characters(codec="utf-8"), max_size=EXCERPT),
    st.integers(1, 500),
    st.integers(LEAST_SIZE, 4096),
)
def test_what_an_app_server_can_pass_on(text: str, length: int, max_size: int) -> None:
    """Whatever was written by whomever, it fits, and says how many wait."""
    sender = JID.of(f"{'ä' * length}@example.org/pc")
    found, _, size = seal(Content(sender, text), max_size)
    assert size <= max_size - 64
    assert found["unread"] == 3
    assert text.startswith(found.get("message", ""))


@pytest.mark.parametrize(("inside", "text", "call"), [
    ("<body>hi</body>", "hi", None),
    ("<body/>", "", None),
    ("", "", None),
    ("<body>" + "x" * 300 + "</body>", "x" * 199 + "…", None),
    ("<body>I sent you something</body><encryption xmlns='urn:xmpp:eme:0' namespace='x'/>",
     "Encrypted message", None),
    ("<body>?</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>",
     "Encrypted message", None),
    (CALL.format("c1", ""), "", Call("c1", ())),
    (CALL.format("c1", RTP.format("video") + RTP.format("audio") + RTP.format("smell")), "",
     Call("c1", ("audio", "video"))),
    (CALL.format("c" * 257, ""), "", None),
    (CALL.format("", ""), "", None),
])  # fmt: skip
def test_what_is_told_of_a_message(inside: str, text: str, call: Call | None) -> None:
    element = parse(f"<message xmlns='jabber:client' type='chat'>{inside}</message>")
    content = content_of(Stanza("message", element, JID.of("anna@example.org"), BEN))
    assert content == Content(BEN, text, call=call)
