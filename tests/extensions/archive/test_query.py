"""XEP-0313 §4.1, §4.3: how a query becomes conditions for the store."""

from lxml import etree

from extensions.archive.query import Query
from server import message_id
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
