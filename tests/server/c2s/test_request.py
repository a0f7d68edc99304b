"""Reading `<authenticate/>` (XEP-0388 §2.3)."""

from __future__ import annotations

import pytest
from lxml import etree

from server.c2s.request import LONGEST_NAME, Authenticate, Fast, UserAgent, parse

FAST = "<fast xmlns='urn:xmpp:fast:0'{}/>"


def read(inside: str = "", attributes: str = " mechanism='PLAIN'") -> Authenticate | str:
    text = f"<authenticate xmlns='urn:xmpp:sasl:2'{attributes}>{inside}</authenticate>"
    return parse(etree.fromstring(text))


def test_the_least() -> None:
    assert read() == Authenticate("PLAIN", None, UserAgent())
    assert read(attributes="") == Authenticate("", None, UserAgent())


def test_everything() -> None:
    found = read(
        "<initial-response> AAA= </initial-response>"
        "<user-agent id='d4565fa7'><software>A\n B</software><device>C</device></user-agent>"
        "<resume xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:xmpp:bind:0'/>"
        "<fast xmlns='urn:xmpp:fast:0' count='3' invalidate='true'/>"
        "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT'/>"
        "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>X</upgrade>"
        "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>Y</upgrade>"
        "<config-version xmlns='urn:xmpp:iap:0' value='v'/>"
    )
    assert isinstance(found, Authenticate)
    assert found.initial == "AAA="
    assert found.agent == UserAgent("d4565fa7", "A B", "C")
    assert found.fast == Fast(3, invalidate=True)
    assert found.token_for == "HT"
    assert found.upgrades == ("X", "Y")
    assert found.version == "v"
    assert found.resume is not None
    assert found.bind is not None


@pytest.mark.parametrize(
    ("attributes", "count"),
    [("", None), (" count='0'", 0), (" count='2147483647'", 2147483647)],
)
def test_counts(attributes: str, count: int | None) -> None:
    found = read(FAST.format(attributes))
    assert isinstance(found, Authenticate)
    assert found.fast == Fast(count)


@pytest.mark.parametrize("count", ["", "-1", "2147483648", "1.5", " 1", "٣", "9" * 5000])
def test_what_is_no_count(count: str) -> None:
    assert isinstance(read(FAST.format(f" count='{count}'")), str)


def test_names_are_cut_and_identifiers_are_bounded() -> None:
    long = "x " * 5000
    found = read(f"<user-agent id='a'><software>{long}</software></user-agent>")
    assert isinstance(found, Authenticate)
    assert len(found.agent.software) <= LONGEST_NAME
    assert isinstance(read(f"<user-agent id='{'a' * 65}'/>"), str)
