"""What is worth a notification, and what a bookmark says about it."""

from __future__ import annotations

import pytest
from lxml import etree

from extensions.push.displayed import displayed_up_to
from extensions.push.settings import NS, Setting, setting_in
from extensions.push.worth import Worth, named, shows_reading, worth
from server.jid import JID
from server.messages.rules import disposition
from server.stanza import Stanza

ANNA = JID.of("anna@example.org")
BEN = JID.of("ben@example.org/pc")
JMI = "urn:xmpp:jingle-message:0"


def message(inside: str, sender: JID = BEN, type_: str = "chat") -> Stanza:
    element = etree.fromstring(f"<message xmlns='jabber:client' type='{type_}'>{inside}</message>")
    stanza = Stanza("message", element, ANNA, sender)
    stanza.disposition = disposition(stanza)
    stanza.mid = 7 if stanza.disposition else 0
    return stanza


@pytest.mark.parametrize(("inside", "expected"), [
    ("<body>hi</body>", Worth.MESSAGE),
    ("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/><payload/></encrypted>",
     Worth.MESSAGE),
    ("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>", Worth.NOTHING),
    ("<x xmlns='http://jabber.org/protocol/muc#user'><invite/></x>", Worth.MESSAGE),
    ("<x xmlns='http://jabber.org/protocol/muc#user'><status/></x>", Worth.NOTHING),
    ("<x xmlns='jabber:x:conference' jid='a@b'/>", Worth.MESSAGE),
    (f"<propose xmlns='{JMI}' id='a'/>", Worth.CALL),
    (f"<proceed xmlns='{JMI}' id='a'/>", Worth.NOTHING),
    (f"<retract xmlns='{JMI}' id='a'/>", Worth.CALL_ENDED),
    ("<replace xmlns='urn:xmpp:message-correct:0' id='a'/><body>hi</body>", Worth.NOTHING),
    ("<retract xmlns='urn:xmpp:message-retract:1' id='a'/><body>gone</body>", Worth.NOTHING),
    ("<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>", Worth.NOTHING),
    ("<body>hi</body><no-store xmlns='urn:xmpp:hints'/>", Worth.NOTHING),
    ("<anything xmlns='urn:example'/>", Worth.NOTHING),
])  # fmt: skip
def test_worth(inside: str, expected: Worth) -> None:
    assert worth(message(inside), ANNA) is expected


def test_own_notes_and_errors() -> None:
    own = message("<body>buy milk</body>", ANNA.with_resource("pc"))
    assert worth(own, ANNA) is Worth.NOTHING
    assert worth(message("<body>hi</body>", type_="error"), ANNA) is Worth.NOTHING


@pytest.mark.parametrize(("inside", "expected"), [
    ("<body>hi</body>", True),
    ("<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>", True),
    ("<received xmlns='urn:xmpp:chat-markers:0' id='a'/>", False),
    ("<received xmlns='urn:xmpp:receipts' id='a'/>", False),
    ("<composing xmlns='http://jabber.org/protocol/chatstates'/>", True),
    ("<gone xmlns='http://jabber.org/protocol/chatstates'/>", False),
    (f"<proceed xmlns='{JMI}' id='a'/>", True),
    (f"<ringing xmlns='{JMI}' id='a'/>", False),
])  # fmt: skip
def test_reading(inside: str, expected: bool) -> None:
    assert shows_reading(message(inside)) is expected


@pytest.mark.parametrize(("reference", "expected"), [
    ("type='mention' uri='xmpp:anna@example.org'", True),
    ("type='mention' uri='xmpp:carl@example.org'", False),
    ("type='data' uri='xmpp:anna@example.org'", False),
])  # fmt: skip
def test_mentions(reference: str, expected: bool) -> None:
    stanza = message(
        "<body>you</body>"
        f"<reference xmlns='urn:xmpp:reference:0' {reference}/>"
        "<reference xmlns='urn:xmpp:reference:0' type='data' uri='https://example.org'/>"
    )
    assert (ANNA in named(stanza)) is expected


@pytest.mark.parametrize(("inside", "expected"), [
    ("", Setting.ALWAYS),
    ("<never/>", Setting.NEVER),
    ("<on-mention/>", Setting.ON_MENTION),
    ("<never identity-category='client' identity-type='pc'/><always/>", Setting.ALWAYS),
    ("<never identity-category='client' identity-type='phone'/><always/>", Setting.NEVER),
    ("<never/><on-mention identity-category='client'/>"
     "<always identity-category='client' identity-type='phone'/>", Setting.ALWAYS),
    ("<never/><on-mention identity-category='client'/>", Setting.ON_MENTION),
    ("<always identity-category='gateway'/><never/>", Setting.NEVER),
])  # fmt: skip
def test_settings(inside: str, expected: Setting) -> None:
    """XEP-0492 §3."""
    bookmark = (
        "<conference xmlns='urn:xmpp:bookmarks:1'><extensions>"
        f"<notify xmlns='{NS}'>{inside}</notify></extensions></conference>"
    )
    assert setting_in(bookmark.encode()) is expected


@pytest.mark.parametrize(("attributes", "expected"), [
    ("id='18bcfe5680000000' by='anna@example.org'", 0x18BCFE5680000000),
    ("id='18bcfe5680000000' by='room@example.org'", None),
    ("id='hello' by='anna@example.org'", None),
    ("by='anna@example.org'", None),
])  # fmt: skip
def test_displayed(attributes: str, expected: int | None) -> None:
    payload = (
        "<displayed xmlns='urn:xmpp:mds:displayed:0'>"
        f"<stanza-id xmlns='urn:xmpp:sid:0' {attributes}/></displayed>"
    )
    assert displayed_up_to(payload.encode(), ANNA) == expected
