"""Priority and show, as clients write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.presence.payloads import priority_of, show_of


def presence(content: str) -> etree._Element:
    return etree.fromstring(f"<presence xmlns='jabber:client'>{content}</presence>")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("5", 5), ("-1", -1), ("127", 127), ("-128", -128), ("+7", 7), (" 3\n", 3),
        ("128", 0), ("-129", 0), ("", 0), ("-", 0), ("--1", 0), ("1.5", 0), ("high", 0),
        ("１", 0), ("0x10", 0), ("1_0", 0), ("9" * 5000, 0),
    ],
)  # fmt: skip
def test_priorities(text: str, value: int) -> None:
    assert priority_of(presence(f"<priority>{text}</priority>")) == value


def test_no_priority_is_zero() -> None:
    assert priority_of(presence("")) == 0
    assert priority_of(presence("<priority xmlns='urn:x'>5</priority>")) == 0
    assert priority_of(presence("<priority/>")) == 0


def test_the_first_of_several_counts() -> None:
    assert priority_of(presence("<priority>1</priority><priority>2</priority>")) == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=8))
def test_a_priority_is_always_in_range(text: str) -> None:
    element = presence("<priority/>")
    element[0].text = text
    assert -128 <= priority_of(element) <= 127


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("away", "away"), ("chat", "chat"), ("dnd", "dnd"), (" xa ", "xa"),
        ("", ""), ("available", ""), ("AWAY", ""), ("online", ""),
    ],
)  # fmt: skip
def test_shows(text: str, value: str) -> None:
    assert show_of(presence(f"<show>{text}</show>")) == value


def test_no_show_is_available() -> None:
    assert show_of(presence("")) == ""
