"""Erasing what is too old, and what belonged to accounts that are gone.

All in small batches, so that nobody waits long behind one; `pause` is awaited between them.
"""

from collections.abc import Awaitable, Callable

from server.storage.database import Database
from server.storage.insert import Step

Pause = Callable[[], Awaitable[None]]

BATCH = 500
_ORPHANS = 50

# From owner to owner, each with one look at the oldest entry.
_OWNERS = """WITH RECURSIVE owner(account) AS (
        SELECT MIN(account) FROM archive
        UNION ALL
        SELECT (SELECT MIN(a.account) FROM archive a WHERE a.account > owner.account)
        FROM owner WHERE owner.account IS NOT NULL)
    SELECT account FROM owner WHERE account IS NOT NULL
        AND EXISTS (SELECT 1 FROM archive r WHERE r.account = owner.account AND r.id < $1)"""
_PURGE_ARCHIVE = """DELETE FROM archive WHERE account = $1 AND id IN
    (SELECT id FROM archive WHERE account = $1 AND id < $2 ORDER BY id LIMIT $3) RETURNING id"""
_PURGE_MESSAGES = """DELETE FROM message WHERE id IN
    (SELECT id FROM message WHERE id < $1 ORDER BY id LIMIT $2) RETURNING id"""
_PURGE_PENDING = """DELETE FROM pending WHERE id < $1 AND (account, id) IN
    (SELECT account, id FROM pending WHERE id < $1 LIMIT $2) RETURNING id"""
_PURGE_SETTLED = """DELETE FROM pending WHERE settled = 1 AND (account, id) IN
    (SELECT account, id FROM pending WHERE settled = 1 LIMIT $1) RETURNING id"""

_NEXT_DEPARTED = "SELECT MIN(account) FROM departed"
_NOTE_ORPHANS = """INSERT INTO orphan (id) SELECT id FROM archive WHERE account = $1
    ORDER BY id LIMIT $2 ON CONFLICT DO NOTHING"""
_ERASE_ARCHIVE = """DELETE FROM archive WHERE account = $1 AND id IN
    (SELECT id FROM archive WHERE account = $1 ORDER BY id LIMIT $2)"""
# Rows that were on their way when the account went, through the journal or by a login.
_STRAGGLERS = (
    "pending", "delivered", "activity", "token", "client_use", "client_progress", "client",
    "departed",
)  # fmt: skip
_NEXT_ORPHANS = "SELECT id FROM orphan ORDER BY id LIMIT $1"
# There is no index by message alone, which every stanza would pay for: ask each owner instead.
_STILL_OWNED = """WITH RECURSIVE owner(account) AS (
        SELECT MIN(account) FROM archive
        UNION ALL
        SELECT (SELECT MIN(a.account) FROM archive a WHERE a.account > owner.account)
        FROM owner WHERE owner.account IS NOT NULL)
    SELECT DISTINCT r.id FROM owner JOIN archive r ON r.account = owner.account
    WHERE r.id IN ({})"""


async def purge(db: Database, before: int, pause: Pause, batch: int = BATCH) -> int:
    """Erase all messages with identifiers below `before`; returns how many.

    Nothing below `before` may still be due to anyone: settle what `messages.expired` tells first.
    """
    while len(await db.execute(_PURGE_PENDING, before, batch)) == batch:
        await pause()
    for (owner,) in await db.fetch_large(_OWNERS, before):
        while len(await db.execute(_PURGE_ARCHIVE, owner, before, batch)) == batch:
            await pause()
        await pause()
    erased = 0
    while True:
        rows = await db.execute(_PURGE_MESSAGES, before, batch)
        erased += len(rows)
        if len(rows) < batch:
            return erased
        await pause()


async def purge_settled(db: Database, pause: Pause, batch: int = BATCH) -> None:
    """Erase the words about messages that were parked and then reached a device."""
    while len(await db.execute(_PURGE_SETTLED, batch)) == batch:
        await pause()


async def erase_departed(db: Database, pause: Pause, batch: int = BATCH) -> None:
    """Erase the archives of deleted accounts, and the messages that nobody else has."""
    while (account := (await db.fetch(_NEXT_DEPARTED))[0][0]) is not None:
        while await db.fetch("SELECT 1 FROM archive WHERE account = $1 LIMIT 1", account):
            await db.batch([(_NOTE_ORPHANS, (account, batch)), (_ERASE_ARCHIVE, (account, batch))])
            await pause()
        await db.batch(
            [(f"DELETE FROM {table} WHERE account = $1", (account,)) for table in _STRAGGLERS]
        )
    while orphans := [row[0] for row in await db.fetch(_NEXT_ORPHANS, _ORPHANS)]:
        await db.batch(await _orphan_steps(db, orphans))
        await pause()


async def _orphan_steps(db: Database, orphans: list[int]) -> list[Step]:
    """Steps that erase those of the messages which nobody has any more."""
    places = ", ".join(f"${place}" for place in range(1, len(orphans) + 1))
    owned = {row[0] for row in await db.fetch_large(_STILL_OWNED.format(places), *orphans)}
    steps: list[Step] = [
        ("DELETE FROM message WHERE id = $1", (orphan,))
        for orphan in orphans
        if orphan not in owned
    ]
    return [*steps, (f"DELETE FROM orphan WHERE id IN ({places})", tuple(orphans))]
