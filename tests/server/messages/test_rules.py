"""What is kept of which message, as a table (XEP-0313 §6.1.1, XEP-0160 §3, XEP-0334 §4)."""

import pytest
from lxml import etree

from server.jid import JID
from server.messages.rules import ARCHIVE, BOTH, NOTHING, PENDING, disposition
from server.stanza import Stanza

EPHEMERAL = "<ephemeral xmlns='urn:xmpp:ephemeral:0' timer='432000'/>"
FALLBACK = "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>"
BODY = "<body>Call me but love</body>"
COMPOSING = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>"
NO_PERMANENT = "<no-permanent-store xmlns='urn:xmpp:hints'/>"
STORE = "<store xmlns='urn:xmpp:hints'/>"
CARBON = "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received>"
INVITE = "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='a@b.example'/></x>"
IN_ROOM = "<x xmlns='http://jabber.org/protocol/muc#user'/>"


def message(content: str, kind: str | None = "chat") -> Stanza:
    type_ = "" if kind is None else f" type='{kind}'"
    element = etree.fromstring(f"<message xmlns='jabber:client'{type_}>{content}</message>")
    return Stanza(
        "message", element, JID.of("juliet@capulet.example"), JID.of("romeo@montague.example/o")
    )


@pytest.mark.parametrize("kind", ["chat", "normal", None, "telepathy"])
def test_bodies_of_conversations_are_kept_everywhere(kind: str | None) -> None:
    assert disposition(message(BODY, kind)) == BOTH == ARCHIVE | PENDING


@pytest.mark.parametrize("kind", ["groupchat", "headline", "error"])
def test_other_types_are_not_kept(kind: str) -> None:
    assert disposition(message(BODY, kind)) == NOTHING


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (BODY + NO_STORE, NOTHING),
        (BODY + NO_PERMANENT, PENDING),
        (BODY + STORE, BOTH),
        (BODY + STORE + NO_STORE, NOTHING),
        (BODY + STORE + NO_PERMANENT, PENDING),
        (STORE + COMPOSING, BOTH),
        (COMPOSING, NOTHING),
        (COMPOSING + "<thread>x</thread>" + "<no-copy xmlns='urn:xmpp:hints'/>", NOTHING),
        (CARBON, NOTHING),
        (BODY + CARBON, NOTHING),
        (STORE + CARBON, NOTHING),
        (BODY + "<no-copy xmlns='urn:xmpp:hints'/><private xmlns='urn:xmpp:carbons:2'/>", BOTH),
        (INVITE, BOTH),
        (IN_ROOM + COMPOSING, PENDING),
        (BODY + IN_ROOM, BOTH),
        ("", NOTHING),
        ("<subject>news</subject>", BOTH),
        ("<received xmlns='urn:xmpp:receipts' id='1'/>", BOTH),
        ("<request xmlns='urn:xmpp:receipts'/>", NOTHING),
        ("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", BOTH),
        ("<markable xmlns='urn:xmpp:chat-markers:0'/>", NOTHING),
        ("<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", BOTH),
        (BODY + "<reply xmlns='urn:xmpp:reply:0' id='1'/>" + FALLBACK, BOTH),
        (BODY + EPHEMERAL, BOTH),
        (EPHEMERAL + STORE, BOTH),  # XEP-0466 §3.4: a new time without a message
        (BODY + EPHEMERAL + NO_PERMANENT, PENDING),
        ("<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", BOTH),
        ("<replace xmlns='urn:xmpp:message-correct:0' id='1'/>", BOTH),
        ("<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", BOTH),
        ("<invite xmlns='urn:xmpp:call-invites:0'/>", BOTH),
        ("<encrypted xmlns='eu.siacs.conversations.axolotl'/>", BOTH),
        ("<encrypted xmlns='urn:xmpp:omemo:2'/>", BOTH),
        ("<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>", BOTH),
        ("<file-sharing xmlns='urn:xmpp:sfs:0'/>", BOTH),
        ("<x xmlns='jabber:x:oob'><url>https://files.example/1</url></x>", BOTH),
        ("<x xmlns='jabber:x:data' type='form'/>", BOTH),
        ("<x xmlns='jabber:x:conference' jid='r@c.example'/>", BOTH),
        ("<event xmlns='http://jabber.org/protocol/pubsub#event'/>", NOTHING),
        ("<something xmlns='urn:example:new'/>", PENDING),
        ("<something xmlns='urn:example:new'/>" + NO_STORE, NOTHING),
    ],
)
def test_messages_of_type_chat(content: str, kept: int) -> None:
    assert disposition(message(content)) == kept


@pytest.mark.parametrize(
    ("kind", "kept"), [("headline", BOTH), ("groupchat", NOTHING), ("error", NOTHING)]
)
def test_a_store_hint_does_not_count_in_errors_and_rooms(kind: str, kept: int) -> None:
    """A hint is for messages "not of type 'error'" (XEP-0334 §4.4); rooms keep their own."""
    assert disposition(message(BODY + STORE, kind)) == kept
