"""XEP-0280 §6.1, as a table."""

import pytest
from lxml import etree

from extensions.carbons.rules import is_eligible, is_eligible_inbound
from server.jid import JID
from server.messages.rules import disposition
from server.stanza import Stanza

BODY = "<body>What man art thou</body>"
PRIVATE = "<private xmlns='urn:xmpp:carbons:2'/>"
NO_COPY = "<no-copy xmlns='urn:xmpp:hints'/>"
COMPOSING = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
RECEIPT = "<received xmlns='urn:xmpp:receipts' id='1'/>"
IN_ROOM = "<x xmlns='http://jabber.org/protocol/muc#user'/>"
INVITE = "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example'/></x>"
DIRECT_INVITE = "<x xmlns='jabber:x:conference' jid='r@rooms.example'/>"
SENT = "<sent xmlns='urn:xmpp:carbons:2'/>"


def message(kind: str | None, content: str) -> Stanza:
    type_ = "" if kind is None else f" type='{kind}'"
    element = etree.fromstring(f"<message xmlns='jabber:client'{type_}>{content}</message>")
    stanza = Stanza("message", element, JID.of("a@b.example"), JID.of("room@c.example/nick"))
    stanza.disposition = disposition(stanza)
    return stanza


@pytest.mark.parametrize(
    ("kind", "content", "eligible"),
    [
        ("chat", BODY, True),
        ("chat", "", True),
        ("chat", COMPOSING, True),
        ("chat", BODY + PRIVATE, False),
        ("chat", BODY + PRIVATE + NO_COPY, False),
        ("chat", BODY + NO_COPY, False),
        ("chat", SENT, False),
        ("normal", BODY, True),
        (None, BODY, True),
        (None, "<subject>x</subject>", True),
        (None, "<something xmlns='urn:x'/>", False),
        (None, COMPOSING, True),
        ("headline", BODY, False),
        ("headline", RECEIPT, True),
        (None, RECEIPT, True),
        (None, "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", True),
        (None, "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", True),
        (None, "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", True),
        (None, INVITE, True),
        (None, DIRECT_INVITE, True),
        ("groupchat", BODY, False),
        ("groupchat", RECEIPT, False),
        ("error", "", True),
        ("chat", BODY + IN_ROOM, True),
    ],
)
def test_eligible_messages(kind: str | None, content: str, eligible: bool) -> None:
    assert is_eligible(message(kind, content)) is eligible


@pytest.mark.parametrize(
    ("kind", "content", "eligible"),
    [
        ("chat", BODY + IN_ROOM, False),
        ("chat", BODY, True),
        (None, INVITE, True),
        ("groupchat", BODY, False),
    ],
)
def test_what_a_room_copies_itself_is_not_copied(
    kind: str | None, content: str, eligible: bool
) -> None:
    assert is_eligible_inbound(message(kind, content)) is eligible
