"""Private XML at rest: for each account and tag the elements, serialised one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.storage.database import Database
    from server.storage.insert import Step

_FIND: Final = "SELECT content FROM private_storage WHERE account = $1 AND tag = $2"
_SIZES: Final = "SELECT tag, length(content) FROM private_storage WHERE account = $1"
_SAVE: Final = """INSERT INTO private_storage (account, tag, content) VALUES ($1, $2, $3)
    ON CONFLICT (account, tag) DO UPDATE SET content = excluded.content"""
_DELETE: Final = "DELETE FROM private_storage WHERE account = $1"
_SWEEP: Final = "DELETE FROM private_storage WHERE account NOT IN (SELECT id FROM account)"


async def find(db: Database, account: int, tag: str) -> bytes:
    """What is stored under a tag; empty if there is nothing."""
    rows = await db.fetch(_FIND, account, tag)
    return bytes(rows[0][0]) if rows else b""


async def sizes(db: Database, account: int) -> dict[str, int]:
    """How many bytes an account stores under each tag."""
    return {row[0]: row[1] for row in await db.fetch(_SIZES, account)}


async def save(db: Database, account: int, contents: Mapping[str, bytes]) -> None:
    """Store what belongs under these tags, all or nothing."""
    steps: list[Step] = [(_SAVE, (account, tag, content)) for tag, content in contents.items()]
    await db.batch(steps)


async def delete(db: Database, account: int) -> None:
    """Remove all that an account has stored."""
    await db.execute(_DELETE, account)


async def sweep(db: Database) -> None:
    """Remove what accounts have left that were deleted while this did not run."""
    await db.execute(_SWEEP)
