"""Circles, exceptions, and what is taken out of stanzas."""

import pytest
from lxml import etree

from extensions.payloads import forms
from extensions.privacy import payloads
from extensions.privacy.rules import (
    DEFAULT,
    MARKERS,
    Choice,
    Circle,
    Settings,
    is_approach,
    strip,
)
from server.errors import StanzaError
from server.jid import JID
from server.roster.item import RosterItem
from server.roster.roster import Roster
from server.stanza import Stanza

FRIEND = JID.of("friend@a.example/x")
STRANGER = JID.of("stranger@b.example/y")
ROSTER = Roster()
ROSTER.note(FRIEND.bare, RosterItem(FRIEND.bare))


def choice(circle: str, always: str = "", never: str = "") -> Choice:
    return Choice(
        Circle(circle),
        frozenset(map(JID.of, always.split())),
        frozenset(map(JID.of, never.split())),
    )


@pytest.mark.parametrize(
    ("made", "friend", "stranger"),
    [
        (choice("everybody"), True, True),
        (choice("contacts"), True, False),
        (choice("nobody"), False, False),
        (choice("everybody", never="b.example"), True, False),
        (choice("contacts", always="stranger@b.example"), True, True),
        (choice("contacts", never="friend@a.example"), False, False),
        (choice("nobody", always="b.example"), False, True),
        (choice("nobody", always="b.example", never="stranger@b.example"), False, False),
    ],
)
def test_circles(made: Choice, friend: bool, stranger: bool) -> None:
    assert made.allows(FRIEND, ROSTER) is friend
    assert made.allows(STRANGER, ROSTER) is stranger
    assert made.is_open is (friend and stranger and made.circle == "everybody")
    settings = Settings(online=made, strangers=made)
    assert Settings.from_json(settings.to_json()) == settings


def message(content: str, type_: str = "chat", from_: JID = STRANGER) -> Stanza:
    element = etree.fromstring(f"<message xmlns='jabber:client' type='{type_}'>{content}</message>")
    return Stanza("message", element, FRIEND, from_)


MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='m'/>"


@pytest.mark.parametrize(
    ("content", "is_left"),
    [
        (MARKER, False),
        (MARKER + "<thread>t</thread><store xmlns='urn:xmpp:hints'/>", False),
        (MARKER + "<body>hi</body>", True),
        (MARKER + "<received xmlns='urn:xmpp:receipts' id='m'/>", True),
    ],
)
def test_markers_are_taken_out(content: str, is_left: bool) -> None:
    stanza = message(content)
    assert strip(stanza, MARKERS) is is_left
    assert b"displayed" not in stanza.content


@pytest.mark.parametrize(
    ("type_", "from_", "expected"),
    [
        ("chat", STRANGER, True),
        ("normal", STRANGER, True),
        ("headline", STRANGER, True),
        ("groupchat", STRANGER, True),
        ("error", STRANGER, False),
        ("chat", JID.of("b.example"), False),
        ("groupchat", JID.of("b.example"), False),
    ],
)
def test_approaches(type_: str, from_: JID, expected: bool) -> None:
    assert is_approach(message("", type_, from_)) is expected


def submitted(**values: list[str]) -> forms.Form:
    return forms.Form("submit", tuple(forms.Field(k, tuple(v)) for k, v in values.items()))


def test_the_form_says_and_takes_all() -> None:
    settings = Settings(last_seen=choice("contacts", "a.example", "x@b.example"))
    form = payloads.build(settings)
    given = forms.Form("submit", form.fields)
    assert payloads.parse(given, DEFAULT) == settings
    assert payloads.parse(submitted(), settings) == settings
    assert payloads.parse(submitted(online=["nobody"]), DEFAULT).online == choice("nobody")


@pytest.mark.parametrize(
    "values",
    [
        [f"x{n}.example" for n in range(payloads.MOST + 1)],
        [f"{n:01000}@x.example" for n in range(payloads.MOST_TEXT // 1000 + 1)],
    ],
)
def test_too_many_exceptions(values: list[str]) -> None:
    field = forms.Field("online.never", tuple(values))
    with pytest.raises(StanzaError):
        payloads.parse(forms.Form("submit", (field,)), DEFAULT)
