"""The SQL of markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from server.storage.database import Database
    from server.storage.insert import Step

#: An account, the other side (bare, but for occupants of rooms), and whether the owner sent it.
Key = tuple[int, str, int]

_NEWEST: Final = "SELECT id FROM marker WHERE account = $1 AND peer = $2 AND sent = $3"
_SAVE: Final = """INSERT INTO marker (account, peer, sent, id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (account, peer, sent) DO UPDATE SET id = excluded.id"""
_ERASE: Final = "DELETE FROM marker WHERE account = $1"
_SWEEP: Final = "DELETE FROM marker WHERE account NOT IN (SELECT id FROM account)"


async def newest(db: Database, key: Key) -> int:
    """The newest marker that is known, or 0."""
    rows = await db.fetch(_NEWEST, *key)
    return int(rows[0][0]) if rows else 0


def save(key: Key, mid: int) -> Step:
    """A step that notes a newer one."""
    return _SAVE, (*key, mid)


async def erase(db: Database, account: int) -> None:
    """Forget the markers of an account."""
    await db.execute(_ERASE, account)


async def sweep(db: Database) -> None:
    """Forget those of accounts that were deleted while this did not run."""
    await db.execute(_SWEEP)
