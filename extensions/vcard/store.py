"""vCards at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from server.storage.database import Database

_FIND: Final = "SELECT updated, content FROM vcard WHERE account = $1"
_SAVE: Final = """INSERT INTO vcard (account, updated, content) VALUES ($1, $2, $3)
    ON CONFLICT (account) DO UPDATE SET updated = excluded.updated, content = excluded.content"""
_DELETE: Final = "DELETE FROM vcard WHERE account = $1"
_SWEEP: Final = "DELETE FROM vcard WHERE account NOT IN (SELECT id FROM account)"


class Row(NamedTuple):
    """A vCard as it is stored."""

    updated: int
    content: bytes


async def find(db: Database, account: int) -> Row | None:
    """The vCard of an account."""
    rows = await db.fetch(_FIND, account)
    return Row(rows[0][0], bytes(rows[0][1])) if rows else None


async def save(db: Database, account: int, row: Row) -> None:
    """Store a vCard in place of the one before."""
    await db.execute(_SAVE, account, row.updated, row.content)


async def delete(db: Database, account: int) -> None:
    """Remove the vCard of an account."""
    await db.execute(_DELETE, account)


async def sweep(db: Database) -> None:
    """Remove those of accounts that were deleted while this did not run."""
    await db.execute(_SWEEP)
