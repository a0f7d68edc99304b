"""Roster queries: read, written, and read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.errors import Condition
from server.jid import JID
from server.roster.errors import BadItem
from server.roster.item import RosterItem, State
from server.roster.payloads import (
    GROUP,
    ITEM,
    NS,
    QUERY,
    Edit,
    build_item,
    build_push,
    build_removal,
    build_roster,
    parse_edit,
    parse_version,
)

ROMEO = JID.of("romeo@example.net")
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=20
)


def query(content: str, attributes: str = "") -> etree._Element:
    return etree.fromstring(f"<query xmlns='{NS}'{attributes}>{content}</query>")


def test_an_edit_is_read() -> None:
    edit = parse_edit(
        query("<item jid='Romeo@Example.net' name='Ro'><group>A</group><group>B</group></item>")
    )
    assert edit == Edit(ROMEO, "Ro", ("A", "B"))


def test_the_servers_attributes_are_ignored() -> None:
    """The 'ask' and 'approved' attributes, and any subscription but remove (§2.1.2)."""
    edit = parse_edit(
        query("<item jid='romeo@example.net' subscription='both' ask='subscribe' approved='true'/>")
    )
    assert edit == Edit(ROMEO)


def test_a_removal_is_read() -> None:
    edit = parse_edit(query("<item jid='romeo@example.net' subscription='remove'/>"))
    assert edit.remove


def test_a_domain_can_be_a_contact() -> None:
    assert parse_edit(query("<item jid='gateway.example.net'/>")).jid == "gateway.example.net"


def test_foreign_content_is_passed_over() -> None:
    edit = parse_edit(
        query(
            "<x xmlns='urn:x'/><item jid='romeo@example.net'><group xmlns='urn:x'>A</group></item>"
        )
    )
    assert edit == Edit(ROMEO)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<item jid='a@example.net'/><item jid='b@example.net'/>",
        "<item/>",
        "<item jid=''/>",
        "<item jid='@example.net'/>",
        "<item jid='a b@example.net'/>",
        "<item jid='romeo@example.net/orchard'/>",
        "<item jid='romeo@example.net'><group>A</group><group>A</group></item>",
        "<item jid='romeo@example.net'><group/><group></group></item>",
    ],
)
def test_what_is_not_well_put_is_a_bad_request(content: str) -> None:
    with pytest.raises(BadItem) as caught:
        parse_edit(query(content))
    assert caught.value.condition is Condition.BAD_REQUEST


@pytest.mark.parametrize(
    ("attributes", "version"), [("", None), (" ver=''", ""), (" ver='x-1'", "x-1")]
)
def test_the_version(attributes: str, version: str | None) -> None:
    assert parse_version(query("", attributes)) == version


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (RosterItem(ROMEO), b"<item jid='romeo@example.net' subscription='none'/>"),
        (
            RosterItem(ROMEO, "R & J", ("A<B", "C"), State.FROM_PENDING_OUT, approved=True),
            b"<item jid='romeo@example.net' subscription='from' ask='subscribe' approved='true'"
            b" name='R &amp; J'><group>A&lt;B</group><group>C</group></item>",
        ),
        (
            RosterItem(ROMEO, state=State.TO_PENDING_IN),
            b"<item jid='romeo@example.net' subscription='to'/>",
        ),
    ],
)
def test_an_item_is_written(item: RosterItem, written: bytes) -> None:
    assert build_item(item) == written


def test_requests_are_no_part_of_the_roster() -> None:
    hidden = RosterItem(ROMEO, state=State.NONE_PENDING_IN, listed=False)
    assert build_roster([hidden], "e-1") == b"<query xmlns='jabber:iq:roster' ver='e-1'></query>"


def test_a_removal_is_written() -> None:
    assert build_removal(ROMEO, "e-2") == (
        b"<query xmlns='jabber:iq:roster' ver='e-2'>"
        b"<item jid='romeo@example.net' subscription='remove'/></query>"
    )


@given(WORDS, st.lists(WORDS, unique=True, max_size=4), st.sampled_from(list(State)), WORDS)
def test_what_is_written_can_be_read(
    name: str, groups: list[str], state: State, version: str
) -> None:
    item = RosterItem(ROMEO, name, tuple(groups), state)
    element = etree.fromstring(build_push(item, version))
    assert element.tag == QUERY
    assert element.get("ver") == version
    assert element[0].tag == ITEM
    assert element[0].get("subscription") == state.subscription
    assert (element[0].get("ask") == "subscribe") is state.pending_out
    assert all(child.tag == GROUP for child in element[0])
    assert parse_edit(element) == Edit(ROMEO, name, tuple(groups))
