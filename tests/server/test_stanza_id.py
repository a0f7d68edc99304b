"""Identifiers of messages cannot be forged (XEP-0359 §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from server.jid import JID
from server.stanza import Stanza
from server.stanza_id import drop_forged

if TYPE_CHECKING:
    from server.element import Element

ANNA, BEN = JID.of("anna@example.org"), JID.of("ben@example.org")


def stanza(*bys: str | None) -> Stanza:
    ids = "".join(
        "<stanza-id xmlns='urn:xmpp:sid:0' id='x'" + ("/>" if by is None else f" by='{by}'/>")
        for by in bys
    )
    element = etree.fromstring(f"<message xmlns='jabber:client'>{ids}<body>hi</body></message>")
    return Stanza("message", element, ANNA, BEN.with_resource("b"))


def test_thousands_are_removed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stanza(*["anna@example.org"] * 1000, "carl@example.org")
    calls: list[int] = []
    drop = Stanza.drop

    def counted(self: Stanza, *children: Element) -> None:
        calls.append(len(children))
        drop(self, *children)

    monkeypatch.setattr(Stanza, "drop", counted)
    drop_forged(found, ANNA)
    assert calls == [1000]
    assert [child.get("by") for child in found.element] == ["carl@example.org", None]


@pytest.mark.parametrize(
    ("by", "stays"),
    [
        # 2: "where the 'by' attribute matches the 'by' attribute they would otherwise set, MUST
        # delete that element"
        ("anna@example.org", False),
        ("ben@example.org", False),
        ("Anna@EXAMPLE.org", False),  # 7: "addresses are normalized"
        # 3: "SHOULD NOT strip any elements … unless the preceding rule applied"
        ("carl@example.org", True),
        ("room@conference.example.org", True),
        ("example.org", True),
        ("anna@example.org/a", True),
        ("", True),
        (None, True),
        ("@", True),
    ],
)
def test_which_identifiers_stay(by: str | None, stays: bool) -> None:
    message = stanza(by)
    drop_forged(message, ANNA, BEN)
    assert (b"<stanza-id" in message.content) is stays
    assert b"<body" in message.content


def test_all_of_them_go() -> None:
    message = stanza("anna@example.org", "room@example.org", "anna@example.org", "ben@example.org")
    drop_forged(message, ANNA, BEN)
    assert message.content.count(b"<stanza-id") == 1


def test_the_content_is_made_anew() -> None:
    message = stanza("anna@example.org")
    assert b"<stanza-id" in message.content
    drop_forged(message, ANNA)
    assert b"<stanza-id" not in message.content


def test_other_elements_of_the_same_name_are_left_alone() -> None:
    element = etree.fromstring(
        "<message xmlns='jabber:client'><stanza-id xmlns='urn:example:a' by='anna@example.org'/>"
        "<origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>"
    )
    message = Stanza("message", element, ANNA, BEN)
    drop_forged(message, ANNA)
    assert len(message.element) == 2
