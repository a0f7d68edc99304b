"""Pages of an archive, against a plain list."""

import asyncio
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.storage.archive import Filter, bounds, count, hide, missing, page
from server.storage.database import Database
from server.storage.messages import DELIVERABLE, VISIBLE, pending, save_entry, save_message
from tests.server.storage.conftest import Open

ACCOUNT, OTHER = 1, 2
PEERS = ("bert@example.org", "carl@example.org")


class Entry(NamedTuple):
    id: int
    peer: str
    resource: str
    visible: bool


ENTRIES = [Entry(n * 10, PEERS[n % 2], ("", "phone")[n % 3 > 0], n % 7 > 0) for n in range(1, 41)]
BOUND = st.none() | st.integers(0, 420)
FILTERS = st.builds(
    Filter,
    first=BOUND,
    last=BOUND,
    after=BOUND,
    before=BOUND,
    peer=st.sampled_from((None, *PEERS, "nobody@example.org")),
    resource=st.sampled_from((None, "", "phone")),
    ids=st.none() | st.lists(st.integers(1, 40).map(lambda n: n * 10), max_size=5).map(tuple),
)


def matches(entry: Entry, wanted: Filter) -> bool:
    return (
        entry.visible
        and (wanted.first is None or entry.id >= wanted.first)
        and (wanted.last is None or entry.id <= wanted.last)
        and (wanted.after is None or entry.id > wanted.after)
        and (wanted.before is None or entry.id < wanted.before)
        and (wanted.peer is None or entry.peer == wanted.peer)
        and (wanted.resource is None or entry.resource == wanted.resource)
        and (wanted.ids is None or entry.id in wanted.ids)
    )


async def fill(database: Database) -> None:
    for entry in ENTRIES:
        save_message(database, entry.id, b"%d" % entry.id)
        flags = DELIVERABLE | (VISIBLE if entry.visible else 0)
        save_entry(database, ACCOUNT, entry.id, entry.peer, entry.resource, flags)
        save_entry(database, OTHER, entry.id, "x@example.org", "", VISIBLE)
    await database.journal.sync()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=15,
)
@given(st.lists(st.tuples(FILTERS, st.integers(1, 12), st.booleans()), min_size=10, max_size=10))
def test_a_page_is_what_a_list_would_give(
    open_database: Open, queries: list[tuple[Filter, int, bool]]
) -> None:
    async def run() -> None:
        async with open_database() as database:
            if await bounds(database, ACCOUNT) is None:
                await fill(database)
            for wanted, limit, reverse in queries:
                expected = [entry.id for entry in ENTRIES if matches(entry, wanted)]
                found = await page(database, ACCOUNT, wanted, limit, reverse)
                shown = expected[-limit:] if reverse else expected[:limit]
                assert [entry[0] for entry in found.entries] == shown
                assert found.complete == (len(expected) <= limit)
                assert await count(database, ACCOUNT, wanted) == len(expected)

    asyncio.run(run())


async def test_pages_partition_the_archive(open_database: Open) -> None:
    async with open_database() as database:
        await fill(database)
        seen: list[tuple[int, bytes]] = []
        while True:
            after = seen[-1][0] if seen else None
            found = await page(database, ACCOUNT, Filter(after=after), 7)
            seen += found.entries
            if found.complete:
                break
        assert seen == [(entry.id, b"%d" % entry.id) for entry in ENTRIES if entry.visible]


async def test_bounds_are_those_of_what_is_shown(open_database: Open) -> None:
    async with open_database() as database:
        assert await bounds(database, ACCOUNT) is None
        await fill(database)
        assert await bounds(database, ACCOUNT) == (10, 400)


async def test_identifiers_the_archive_does_not_show_are_missing(open_database: Open) -> None:
    async with open_database() as database:
        await fill(database)
        # 70 is stored but not visible, 15 is not there.
        assert await missing(database, ACCOUNT, [10, 15, 70]) == {15, 70}
        assert await missing(database, ACCOUNT, []) == set()


async def test_what_is_hidden_is_neither_shown_nor_due_but_known(open_database: Open) -> None:
    async with open_database() as database:
        await fill(database)
        await database.batch([hide(ACCOUNT, 10), hide(ACCOUNT, 15), hide(ACCOUNT, 70)])
        assert await bounds(database, ACCOUNT) == (20, 400)
        assert await missing(database, ACCOUNT, [10, 15]) == {15}
        assert 10 not in [mid for mid, *_ in await pending(database, ACCOUNT, 0)]
