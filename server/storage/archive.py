"""Pages of an account's archive (XEP-0313 §4, XEP-0059)."""

from collections.abc import Collection
from dataclasses import dataclass

from server.storage.database import Database
from server.storage.insert import Step

_HIDE = """UPDATE archive SET flags = (flags & 4) | 8
    WHERE account = $1 AND id = $2 AND (flags & 3) <> 0"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are asked for; times are bounds of identifiers (server/message_id.py).

    `first` and `last` are inclusive, `after` and `before` exclusive.
    """

    first: int | None = None
    last: int | None = None
    after: int | None = None
    before: int | None = None
    peer: str | None = None
    resource: str | None = None
    ids: tuple[int, ...] | None = None


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in chronological order; `complete` when the query has no more beyond them."""

    entries: list[tuple[int, bytes]]
    complete: bool


async def page(
    db: Database, account: int, wanted: Filter = EVERYTHING, limit: int = 50, reverse: bool = False
) -> Page:
    """The first `limit` entries that are asked for, or with `reverse` the last ones."""
    where, args = _conditions(account, wanted)
    direction = "DESC" if reverse else "ASC"
    rows = await db.fetch_large(
        f"""SELECT a.id, m.stanza FROM archive a JOIN message m ON m.id = a.id
        WHERE {where} ORDER BY a.id {direction} LIMIT ${len(args) + 1}""",
        *args,
        limit + 1,
    )
    entries = [(row[0], bytes(row[1])) for row in rows[:limit]]
    if reverse:
        entries.reverse()
    return Page(entries, complete=len(rows) <= limit)


async def count(db: Database, account: int, wanted: Filter = EVERYTHING) -> int:
    """How many entries are asked for (XEP-0059 §2.6)."""
    where, args = _conditions(account, wanted)
    rows = await db.fetch_large(f"SELECT count(*) FROM archive a WHERE {where}", *args)
    return int(rows[0][0])


async def bounds(db: Database, account: int) -> tuple[int, int] | None:
    """The first and the last entry, or None if there is none (XEP-0313 §5.1)."""
    where, args = _conditions(account, EVERYTHING)
    first, last = (
        f"(SELECT a.id FROM archive a WHERE {where} ORDER BY a.id {way} LIMIT 1)"
        for way in ("ASC", "DESC")
    )
    ((oldest, newest),) = await db.fetch(f"SELECT {first}, {last}", *args)
    return None if oldest is None else (oldest, newest)


async def missing(db: Database, account: int, ids: Collection[int]) -> set[int]:
    """Those of the identifiers that the archive never showed, or has erased.

    "the server MUST return an item-not-found error" (XEP-0313 §4.1.3) for them.
    """
    if not ids:
        return set()
    where, args = _conditions(account, Filter(ids=tuple(ids)), flags=9)
    rows = await db.fetch_large(f"SELECT a.id FROM archive a WHERE {where}", *args)
    return set(ids) - {row[0] for row in rows}


def hide(account: int, mid: int) -> Step:
    """A step that hides an entry which means nothing any more: it is not due any more, too.

    Its identifier stays known: clients ask for what came after it.
    """
    return _HIDE, (account, mid)


def _conditions(account: int, wanted: Filter, flags: int = 1) -> tuple[str, list[object]]:
    """The WHERE clause and its arguments; entries with one of the flags."""
    clauses = ["a.account = $1", f"(a.flags & {flags}) <> 0"]
    args: list[object] = [account]
    for clause, value in (
        ("a.id >= ", wanted.first),
        ("a.id <= ", wanted.last),
        ("a.id > ", wanted.after),
        ("a.id < ", wanted.before),
        ("a.peer = ", wanted.peer),
        ("a.resource = ", wanted.resource),
    ):
        if value is not None:
            args.append(value)
            clauses.append(f"{clause}${len(args)}")
    if wanted.ids is not None:
        places = [f"${len(args) + 1 + place}" for place in range(len(wanted.ids))]
        clauses.append(f"a.id IN ({', '.join(places) or 'NULL'})")
        args += wanted.ids
    return " AND ".join(clauses), args
