"""The SQL of corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from server.storage.database import Database

_SENT: Final = """SELECT a.id, m.stanza FROM archive a JOIN message m ON m.id = a.id
    WHERE a.account = $1 AND a.peer = $2 AND a.id >= $3 AND a.id < $4 AND (a.flags & 4) <> 0
    ORDER BY a.id DESC LIMIT $5"""


async def sent(
    db: Database, account: int, peer: str, first: int, before: int, limit: int
) -> list[tuple[int, bytes]]:
    """What the owner has sent to somebody between two identifiers, newest first."""
    rows = await db.fetch_large(_SENT, account, peer, first, before, limit)
    return [(row[0], bytes(row[1])) for row in rows]
