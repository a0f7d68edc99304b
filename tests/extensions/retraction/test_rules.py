"""Which messages a retraction means."""

import pytest

from extensions.retraction.rules import Part, Retraction, names_in, part, read
from server.jid import JID
from server.messages import notices, tombstone
from server.stanza import Stanza

ROMEO = JID.parse("romeo@montague.example/orchard")
LORD = JID.parse("lord@capulet.example")
ROOM = "<x xmlns='http://jabber.org/protocol/muc#user'/>"


def stored(
    content: str = "<body>x</body>", attributes: str = " id='one'", by: str = ROMEO
) -> bytes:
    return f"<message{attributes} from='{by}' to='{LORD}'>{content}</message>".encode()


def message(
    content: str = "<body>x</body>", attributes: str = " id='one'", by: str = ROMEO
) -> Stanza:
    found = notices.read(stored(content, attributes, by))
    assert found is not None
    return found


def retraction(target: str = "one", in_room: bool = False) -> Retraction:
    return Retraction(9, ROMEO, LORD, target, "two", in_room)


@pytest.mark.parametrize(
    ("asked", "found", "expected"),
    [
        (retraction(), message(), Part.ORIGINAL),
        (retraction(), message(attributes=" id='two'"), Part.NONE),
        (retraction(), message("<origin-id xmlns='urn:xmpp:sid:0' id='one'/>", ""), Part.ORIGINAL),
        (
            retraction(),
            message("<replace xmlns='urn:xmpp:message-correct:0' id='one'/>", " id='2'"),
            Part.CORRECTION,
        ),
        (retraction(), message(by="romeo@montague.example/other"), Part.ORIGINAL),
        (retraction(), message(by="tybalt@montague.example/orchard"), Part.NONE),
        (retraction(), message(ROOM), Part.ORIGINAL),
        (retraction(), message(ROOM, by="romeo@montague.example/other"), Part.NONE),
        (retraction(in_room=True), message(by="romeo@montague.example/other"), Part.NONE),
        (retraction(), message(attributes=" id='one' type='groupchat'"), Part.NONE),
        (
            retraction(),
            message("<retract xmlns='urn:xmpp:message-retract:1' id='zero'/>"),
            Part.NONE,
        ),
    ],
)
def test_what_is_meant(asked: Retraction, found: Stanza, expected: Part) -> None:
    assert part(asked, found) is expected


def test_names_are_found_without_parsing() -> None:
    wire = stored("<replace id=\"a&quot;b'c\"/><x id='&lt;d&gt;'/>", " id='it&apos;s &amp;amp;'")
    assert {"a\"b'c", "<d>", "it's &amp;"} <= names_in(wire)


@pytest.mark.parametrize(
    ("attributes", "content"),
    [
        ("", "<retract xmlns='urn:xmpp:message-retract:1' id='one'/>"),
        (" id='two'", "<retract xmlns='urn:xmpp:message-retract:1'/>"),
        (" id='two' type='groupchat'", "<retract xmlns='urn:xmpp:message-retract:1' id='one'/>"),
        (" id='two'", "<body>x</body>"),
        (" id='two'", f"<retract xmlns='urn:xmpp:message-retract:1' id='{'x' * 1024}'/>"),
    ],
)
def test_what_is_no_retraction(attributes: str, content: str) -> None:
    assert read(9, stored(content, attributes), True) is None


def test_a_retraction_as_it_is_stored() -> None:
    wire = stored("<retract xmlns='urn:xmpp:message-retract:1' id='one'/>", " id='two'")
    assert read(9, wire, True) == Retraction(9, ROMEO, LORD, "one", "two", False)
    assert read(9, wire, False) == Retraction(9, ROMEO, ROMEO.bare, "one", "two", False)


def test_a_tombstone_is_known_as_one() -> None:
    wire = tombstone.build(message(attributes=" id='it&apos;s' type='chat'"), "t<o", 0)
    assert tombstone.is_tombstone(wire)
    found = notices.read(wire)
    assert found is not None
    assert (found.id, found.type, found.from_, found.to) == ("it's", "chat", ROMEO, LORD)
    assert found.element[0].get("id") == "t<o"
    forged = stored("<retracted xmlns=\"urn:xmpp:message-retract:1\" id='x' stamp='y'/>")
    assert not tombstone.is_tombstone(forged)
