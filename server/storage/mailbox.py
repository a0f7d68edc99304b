# ruff: noqa: A005  the mailbox is ours, nobody here means the one of the standard library
"""Messages, whose they are, and what is still due to whom (XEP-0160, XEP-0313).

A message is stored once; each owner has an archive row that points to it. Pending for an account is
every deliverable row after its delivery cursor, and, as the exception, what is parked in `pending`
before it.
"""

from server.storage.database import Database
from server.storage.insert import Insert

VISIBLE = 1
"""Flag of an archive row: shown when the archive is asked."""
DELIVERABLE = 2
"""Flag of an archive row: due to the owner's devices, once, in order."""
SENT = 4
"""Flag of an archive row: the owner sent it."""

MESSAGE = Insert("message", ("id", "stanza"), payload="stanza")
ARCHIVE = Insert("archive", ("account", "id", "peer", "resource", "flags"))
# Parked and settled in one declaration: of both, the later word counts.
PENDING = Insert(
    "pending",
    ("account", "id", "settled"),
    "(account, id) DO UPDATE SET settled = excluded.settled",
    retry=True,
    key=2,
)

_PARKED = "SELECT id FROM pending WHERE account = $1 AND settled = 0 ORDER BY id"
_PENDING = """SELECT p.id, m.stanza FROM pending p JOIN message m ON m.id = p.id
    WHERE p.account = $1 AND p.settled = 0 AND p.id > $2 AND p.id <= $3
    UNION ALL
    SELECT a.id, m.stanza FROM archive a JOIN message m ON m.id = a.id
    WHERE a.account = $1 AND a.id > $4 AND (a.flags & 2) <> 0
    ORDER BY 1 LIMIT $5"""
_COUNT = """SELECT
    (SELECT count(*) FROM pending WHERE account = $1 AND settled = 0 AND id <= $2)
    + (SELECT count(*) FROM archive WHERE account = $1 AND id > $2 AND (flags & 2) <> 0)"""
_EXPIRED = """SELECT a.account, a.id, m.stanza
    FROM account o LEFT JOIN delivered d ON d.account = o.id
    JOIN archive a ON a.account = o.id AND a.id > COALESCE(d.cursor, 0) AND a.id < $1
    JOIN message m ON m.id = a.id
    WHERE (a.flags & 2) <> 0
    UNION ALL
    SELECT p.account, p.id, m.stanza FROM pending p JOIN message m ON m.id = p.id
    WHERE p.settled = 0 AND p.id < $1
        AND p.id <= (SELECT d.cursor FROM delivered d WHERE d.account = p.account)
    ORDER BY 1, 2 LIMIT $2"""


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


def park(db: Database, account: int, message_id: int) -> int:
    """Keep a message pending although the cursor passes it, through the journal."""
    return db.journal.append(PENDING, (account, message_id, 0))


def unpark(db: Database, account: int, message_id: int) -> int:
    """A parked message is settled, through the journal."""
    return db.journal.append(PENDING, (account, message_id, 1))


async def parked(db: Database, account: int) -> list[int]:
    """The messages that are pending although the cursor has passed them."""
    return [row[0] for row in await db.fetch(_PARKED, account)]


async def pending(
    db: Database, account: int, cursor: int, after: int = 0, limit: int = 100
) -> list[tuple[int, bytes]]:
    """What is due to the account, oldest first: the next `limit` messages after `after`.

    First waits for what the journal holds, since the caller's cursor may be ahead of the disk.
    """
    await db.journal.sync()
    start = max(cursor, after)
    rows = await db.fetch_large(_PENDING, account, after, cursor, start, limit)
    return [(row[0], bytes(row[1])) for row in rows]


async def count_pending(db: Database, account: int, cursor: int) -> int:
    """How many messages are due to the account."""
    await db.journal.sync()
    return int((await db.fetch_large(_COUNT, account, cursor))[0][0])


async def expired(db: Database, before: int, limit: int = 100) -> list[tuple[int, int, bytes]]:
    """Messages older than `before` that are still due: (account, id, stanza)."""
    rows = await db.fetch_large(_EXPIRED, before, limit)
    return [(row[0], row[1], bytes(row[2])) for row in rows]


async def last_message_id(db: Database) -> int:
    """The highest identifier in use, or 0; where `MessageIDs` goes on after a restart."""
    return int((await db.fetch("SELECT COALESCE(MAX(id), 0) FROM message"))[0][0])
