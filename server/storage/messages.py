"""Messages, whose they are, and what is still due to whom (XEP-0160, XEP-0313).

A message is stored once; each owner has an archive row that points to it. Pending for an account is
every deliverable row after its delivery cursor, and, as the exception, what is parked in `pending`
before it.
"""

from collections.abc import Sequence

from server.storage.database import Database
from server.storage.insert import Insert

VISIBLE = 1
"""Flag of an archive row: shown when the archive is asked."""
DELIVERABLE = 2
"""Flag of an archive row: due to the owner's devices, once, in order."""
SENT = 4
"""Flag of an archive row: the owner sent it."""
HIDDEN = 8
"""Flag of an archive row: was shown once, so that its identifier is known, and is no more."""

MESSAGE = Insert("message", ("id", "stanza"), payload="stanza")
ARCHIVE = Insert("archive", ("account", "id", "peer", "resource", "flags"))
# The delivery cursor: everything up to this message is settled, but for rows in `pending`.
DELIVERED = Insert(
    "delivered",
    ("account", "cursor"),
    "(account) DO UPDATE SET cursor = excluded.cursor WHERE excluded.cursor > delivered.cursor",
    retry=True,
    key=1,
)
# A row (account, id, settled): parking and settling in one declaration, so that of several words
# about the same message in one commit the last one counts.
PARKED = Insert(
    "pending",
    ("account", "id", "settled"),
    "(account, id) DO UPDATE SET settled = excluded.settled",
    retry=True,
    key=2,
)

_PARKED = "SELECT id FROM pending WHERE account = $1 AND settled = 0 ORDER BY id"
_PENDING = """SELECT a.id, m.stanza, a.flags FROM archive a JOIN message m ON m.id = a.id
    WHERE a.account = $1 AND a.id > $2 AND (a.flags & 2) <> 0 ORDER BY a.id LIMIT $3"""
_DELIVERABLE = """SELECT id FROM archive
    WHERE account = $1 AND id > $2 AND id <= $3 AND (flags & 2) <> 0 ORDER BY id LIMIT $4"""
_COUNT = """SELECT
    (SELECT count(*) FROM pending WHERE account = $1 AND settled = 0 AND id <= $2)
    + (SELECT count(*) FROM archive WHERE account = $1 AND id > $2 AND (flags & 2) <> 0)"""
_WEIGHT = """SELECT count(*), COALESCE(SUM(LENGTH(stanza)), 0) FROM message WHERE id IN (
    SELECT id FROM pending WHERE account = $1 AND settled = 0 AND id <= $2
    UNION ALL SELECT id FROM archive WHERE account = $1 AND id > $2 AND (flags & 2) <> 0)"""
# CROSS JOIN: account by account, each from its cursor on, instead of through all archives.
_EXPIRED = """SELECT o.id, a.id, m.stanza
    FROM account o LEFT JOIN delivered d ON d.account = o.id
    CROSS JOIN archive a JOIN message m ON m.id = a.id
    WHERE a.account = o.id AND a.id > COALESCE(d.cursor, 0) AND a.id < $1 AND (a.flags & 2) <> 0
        AND o.id >= $3 AND (o.id > $3 OR a.id > $4)
    UNION ALL
    SELECT p.account, p.id, m.stanza FROM pending p JOIN message m ON m.id = p.id
    WHERE p.settled = 0 AND p.id < $1
        AND p.id <= (SELECT d.cursor FROM delivered d WHERE d.account = p.account)
        AND p.account >= $3 AND (p.account > $3 OR p.id > $4)
    ORDER BY 1, 2 LIMIT $2"""
_LAST = """SELECT COALESCE(MAX(id), 0) FROM message
    UNION ALL SELECT COALESCE(MAX(roster_version), 0) FROM account"""


def save_message(db: Database, message_id: int, stanza: bytes, origin: object = None) -> int:
    """Store a message, through the journal."""
    return db.journal.append(MESSAGE, (message_id, stanza), origin)


def save_entry(
    db: Database,
    account: int,
    message_id: int,
    peer: str,
    resource: str,
    flags: int,
    origin: object = None,
) -> int:
    """Make a message the account's, through the journal."""
    return db.journal.append(ARCHIVE, (account, message_id, peer, resource, flags), origin)


def save_delivered(db: Database, account: int, cursor: int) -> int:
    """Move the delivery cursor on, through the journal; it never moves back."""
    return db.journal.append(DELIVERED, (account, cursor))


def park(db: Database, account: int, message_id: int) -> int:
    """Keep a message pending although the cursor passes it, through the journal."""
    return db.journal.append(PARKED, (account, message_id, 0))


def unpark(db: Database, account: int, message_id: int) -> int:
    """A parked message is settled, through the journal."""
    return db.journal.append(PARKED, (account, message_id, 1))


async def parked(db: Database, account: int) -> list[int]:
    """The messages that are pending although the cursor has passed them, oldest first."""
    return [row[0] for row in await db.fetch(_PARKED, account)]


async def pending(
    db: Database, account: int, after: int, limit: int = 100
) -> list[tuple[int, bytes, int]]:
    """The next deliverable messages after `after`, oldest first: identifier, stanza, flags.

    Reads what is durable: who has a cursor in memory that may be ahead of the disk awaits
    `db.journal.sync()` first. What is parked comes by `parked` and `messages`.
    """
    rows = await db.fetch_large(_PENDING, account, after, limit)
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


async def deliverable(db: Database, account: int, after: int, last: int, limit: int) -> list[int]:
    """The next messages after `after`, up to `last`, that are or were due, oldest first."""
    return [row[0] for row in await db.fetch_large(_DELIVERABLE, account, after, last, limit)]


async def messages(db: Database, ids: Sequence[int]) -> list[tuple[int, bytes, int]]:
    """Those of the messages that exist, oldest first, in the form of `pending`."""
    if not ids:
        return []
    places = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    rows = await db.fetch_large(
        f"SELECT id, stanza FROM message WHERE id IN ({places}) ORDER BY id", *ids
    )
    return [(row[0], bytes(row[1]), DELIVERABLE) for row in rows]


async def count_pending(db: Database, account: int, cursor: int) -> int:
    """How many messages are due to the account."""
    return int((await db.fetch_large(_COUNT, account, cursor))[0][0])


async def weigh_pending(db: Database, account: int, cursor: int) -> tuple[int, int]:
    """How many messages are due to the account, and how many bytes they have."""
    count, size = (await db.fetch_large(_WEIGHT, account, cursor))[0]
    return int(count), int(size)


async def expired(
    db: Database, before: int, limit: int = 100, after: tuple[int, int] = (0, 0)
) -> list[tuple[int, int, bytes]]:
    """Messages older than `before` that are still due: (account, id, stanza), in this order.

    `after` is the account and the id of the last one that was told already.
    """
    rows = await db.fetch_large(_EXPIRED, before, limit, *after)
    return [(row[0], row[1], bytes(row[2])) for row in rows]


async def last_message_id(db: Database) -> int:
    """The highest identifier in use, or 0; where `MessageIDs` goes on after a restart.

    Versions of rosters are numbers of the same kind.
    """
    return max(int(row[0]) for row in await db.fetch(_LAST))
