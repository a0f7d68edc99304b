"""The SQL of retractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from server.storage.insert import Insert

if TYPE_CHECKING:
    from server.storage.database import Database
    from server.storage.insert import Step

#: Written with the retraction itself, so that it is carried out even after a crash.
TAKEN: Final = Insert("retraction", ("account", "id", "sent"), "DO NOTHING")

_WAITING: Final = """SELECT r.account, r.id, r.sent, m.stanza
    FROM retraction r LEFT JOIN message m ON m.id = r.id ORDER BY r.account, r.id LIMIT $1"""
#: There is no index by peer (see the core's tables), and any stranger may ask: so many messages of
#: an archive are looked at to find a portion of those with one peer.
LOOKED_AT: Final = 20_000
_EARLIER: Final = """SELECT a.id, m.stanza FROM
    (SELECT id, peer FROM archive WHERE account = $1 AND id < $3 ORDER BY id DESC LIMIT $5) a
    JOIN message m ON m.id = a.id WHERE a.peer = $2 ORDER BY a.id DESC LIMIT $4"""


class Job(NamedTuple):
    """A retraction in the archive of an account; `stanza` is None if it is gone already."""

    account: int
    mid: int
    is_sent: bool
    stanza: bytes | None


async def waiting(db: Database, limit: int) -> list[Job]:
    """Retractions to be carried out, those of one account together."""
    rows = await db.fetch_large(_WAITING, limit)
    return [
        Job(account, mid, bool(sent), None if wire is None else bytes(wire))
        for account, mid, sent, wire in rows
    ]


async def earlier(
    db: Database, account: int, peer: str, before: int, limit: int
) -> list[tuple[int, bytes]]:
    """The newest messages with somebody that are older than `before`, newest first."""
    rows = await db.fetch_large(_EARLIER, account, peer, before, limit, LOOKED_AT)
    return [(row[0], bytes(row[1])) for row in rows]


def replace(mid: int, wire: bytes) -> Step:
    """A step that puts something else into the place of a message, for all who have it."""
    return "UPDATE message SET stanza = $1 WHERE id = $2", (wire, mid)


def done(job: Job) -> Step:
    """A step that forgets a retraction which is carried out."""
    return "DELETE FROM retraction WHERE account = $1 AND id = $2", (job.account, job.mid)
