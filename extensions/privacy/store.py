"""What users want to keep to themselves, at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.privacy.rules import DEFAULT, Settings

if TYPE_CHECKING:
    from server.storage.database import Database

_LOAD: Final = "SELECT settings FROM privacy WHERE account = $1"
_SAVE: Final = """INSERT INTO privacy (account, settings) VALUES ($1, $2)
    ON CONFLICT (account) DO UPDATE SET settings = excluded.settings"""
_FORGET: Final = "DELETE FROM privacy WHERE account = $1"
_FORGET_DEPARTED: Final = "DELETE FROM privacy WHERE account NOT IN (SELECT id FROM account)"


async def load(db: Database, account: int) -> Settings:
    """The settings of an account."""
    rows = await db.fetch(_LOAD, account)
    return Settings.from_json(rows[0][0]) if rows else DEFAULT


async def save(db: Database, account: int, settings: Settings) -> None:
    """Replace the settings of an account."""
    if settings == DEFAULT:
        await forget(db, account)
    else:
        await db.execute(_SAVE, account, settings.to_json())


async def forget(db: Database, account: int) -> None:
    """The account is gone, or wants nothing special."""
    await db.execute(_FORGET, account)


async def forget_departed(db: Database) -> None:
    """Forget accounts that were deleted while nobody looked."""
    await db.execute(_FORGET_DEPARTED)
