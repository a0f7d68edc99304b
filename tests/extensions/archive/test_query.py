"""XEP-0313 §4.1, §4.3: how a query becomes conditions for the store."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from extensions.archive.query import Query
from server import message_id
from server.element import escape
from server.errors import StanzaError
from server.jid import JID
from server.storage.archive import Filter
from tests.extensions.archive.test_archive import field, query

FIRST, SECOND, THIRD = (number << message_id.TIME_SHIFT for number in (1, 2, 3))


def parse(*parts: str) -> Query:
    return Query.parse(etree.fromstring(query(*parts)))


def named(mid: int) -> str:
    return message_id.encode(mid)


def test_everything() -> None:
    asked = parse()
    assert asked.filter == Filter()
    assert asked.mentioned() == ()
    assert asked.limit is None
    assert not asked.is_backwards
    assert not asked.flip


def test_times_become_bounds_of_identifiers() -> None:
    asked = parse(
        field("start", "1970-01-01T00:00:00.001Z") + field("end", "1970-01-01T00:00:00.002Z")
    )
    assert asked.filter == Filter(first=FIRST, last=THIRD - 1)


def test_the_narrower_bound_counts() -> None:
    asked = parse(
        field("after-id", named(FIRST)) + field("before-id", named(THIRD)),
        f"<after>{named(SECOND)}</after>",
    )
    assert asked.filter == Filter(after=SECOND, before=THIRD)
    assert set(asked.mentioned()) == {named(FIRST), named(SECOND), named(THIRD)}


def test_the_last_page_mentions_nothing() -> None:
    asked = parse("", "<before/><max>3</max>")
    assert asked.is_backwards
    assert asked.mentioned() == ()
    assert asked.limit == 3


def test_a_bare_address_matches_every_resource() -> None:
    assert parse(field("with", "a@b.example")).filter == Filter(peer=JID.of("a@b.example"))
    full = parse(field("with", "a@b.example/c")).filter
    assert full == Filter(peer=JID.of("a@b.example"), resource="c")


def test_single_messages() -> None:
    asked = parse(field("ids", named(FIRST), named(THIRD)))
    assert asked.filter == Filter(ids=(FIRST, THIRD))
    assert asked.mentioned() == (named(FIRST), named(THIRD))


NONSENSE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=12)
VARS = st.sampled_from(["with", "start", "end", "before-id", "after-id", "ids", "x", ""])


@given(st.lists(st.tuples(VARS, st.lists(NONSENSE, max_size=2))), NONSENSE, NONSENSE)
def test_nonsense_is_refused_by_name(
    fields: list[tuple[str, list[str]]], limit: str, after: str
) -> None:
    written = "".join(
        field(escape(var).decode(), *(escape(value).decode() for value in values))
        for var, values in fields
    )
    page = f"<max>{escape(limit).decode()}</max><after>{escape(after).decode()}</after>"
    with suppress(StanzaError):
        asked = parse(written, page)
        asked.mentioned()
        assert isinstance(asked.filter, Filter)
