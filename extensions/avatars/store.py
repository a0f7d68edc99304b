"""Which avatar an account shows; the image itself is in its node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.avatars.presence import Audience, Avatar

if TYPE_CHECKING:
    from server.storage.database import Database

_FIND: Final = "SELECT hash, kind, audience FROM avatar WHERE account = $1"
_SAVE: Final = """INSERT INTO avatar (account, hash, kind, audience) VALUES ($1, $2, $3, $4)
    ON CONFLICT (account) DO UPDATE
        SET hash = excluded.hash, kind = excluded.kind, audience = excluded.audience"""
_DELETE: Final = "DELETE FROM avatar WHERE account = $1"
_SWEEP: Final = "DELETE FROM avatar WHERE account NOT IN (SELECT id FROM account)"


async def find(db: Database, account: int) -> Avatar | None:
    """The avatar of an account; None if it never had any."""
    rows = await db.fetch(_FIND, account)
    return Avatar(rows[0][0], rows[0][1], Audience(rows[0][2])) if rows else None


async def save(db: Database, account: int, avatar: Avatar) -> None:
    """An account shows this avatar from now on."""
    await db.execute(_SAVE, account, avatar.hash, avatar.kind, int(avatar.audience))


async def delete(db: Database, account: int) -> None:
    """Forget an account."""
    await db.execute(_DELETE, account)


async def sweep(db: Database) -> None:
    """Forget accounts that were deleted while this did not run."""
    await db.execute(_SWEEP)
