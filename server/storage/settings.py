"""Small things the server keeps by name: secrets that must survive a restart, and settings."""

from server.storage.database import Database

_SAVE_SECRET = "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING"  # noqa: S105
_SAVE_SETTING = """INSERT INTO setting (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


async def load_secret(db: Database, name: str) -> bytes | None:
    """The secret of this name."""
    rows = await db.fetch("SELECT value FROM secret WHERE name = $1", name)
    return bytes(rows[0][0]) if rows else None


async def keep_secret(db: Database, name: str, proposal: bytes) -> bytes:
    """The secret of this name; `proposal` becomes it if there is none yet.

    Whoever comes first wins, so all nodes of a cluster end up with the same.
    """
    known = await load_secret(db, name)
    if known is None:
        await db.execute(_SAVE_SECRET, name, proposal)
        known = await load_secret(db, name)
    return proposal if known is None else known


async def load_setting(db: Database, name: str) -> str | None:
    """The setting of this name."""
    rows = await db.fetch("SELECT value FROM setting WHERE name = $1", name)
    return str(rows[0][0]) if rows else None


async def save_setting(db: Database, name: str, value: str) -> None:
    """Set it."""
    await db.execute(_SAVE_SETTING, name, value)
