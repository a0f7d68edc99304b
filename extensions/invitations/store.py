"""Invitations at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.jid import JID

if TYPE_CHECKING:
    from server.storage.database import Database
    from server.storage.insert import Row

# An account that was deleted takes its invitations with it: its number is never used again.
_SELECT: Final = """SELECT i.id, i.domain, i.inviter, COALESCE(a.jid, ''), i.username, i.registers,
        i.contact, i.uses, i.expires
    FROM invitation i LEFT JOIN account a ON a.id = i.inviter
    WHERE i.uses > 0 AND i.expires > $1 AND (i.inviter = 0 OR a.id IS NOT NULL)"""
# Nobody gets in by somebody who is kept out (XEP-0133 §4.3).
_FIND: Final = f"{_SELECT} AND i.id = $2 AND COALESCE(a.disabled, 0) = 0"
_LIST: Final = f"{_SELECT} AND i.id > $2 ORDER BY i.id LIMIT $3"
_OF: Final = f"""{_SELECT} AND i.domain = $2 AND ($3 = 0 OR i.inviter = $3)
    ORDER BY i.expires, i.id LIMIT $4"""
_WITHDRAW: Final = """DELETE FROM invitation
    WHERE id = $1 AND domain = $2 AND uses > 0 AND ($3 = 0 OR inviter = $3) RETURNING id"""
_RESERVED: Final = f"{_SELECT} AND i.domain = $2 AND i.username = $3 LIMIT 1"
_COUNT: Final = "SELECT count(*) FROM invitation WHERE inviter = $1 AND expires > $2"
_ADD: Final = """INSERT INTO invitation
        (id, domain, inviter, username, registers, contact, uses, expires)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
# Not by time: who has shown a token in time may take a while to choose a password.
_TAKE: Final = """UPDATE invitation SET uses = uses - 1 WHERE id = $1 AND uses > 0
    AND (inviter = 0 OR inviter IN (SELECT id FROM account WHERE disabled = 0)) RETURNING uses"""
_GIVE_BACK: Final = "UPDATE invitation SET uses = uses + 1 WHERE id = $1"
_REMOVE: Final = "DELETE FROM invitation WHERE id = $1 RETURNING id"
_CLEAR: Final = "DELETE FROM invitation WHERE expires < $1"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation allows: to make an account, to be the inviter's contact, or both.

    `id` is the hash of its token. `inviter` is None where the operator invites; `username` is the
    only name the account may have, "" if any will do. `expires` is in unix milliseconds.
    """

    id: str
    domain: str
    inviter: JID | None = None
    inviter_id: int = 0
    username: str = ""
    registers: bool = False
    contact: bool = False
    uses: int = 1
    expires: int = 0


async def add(db: Database, made: Invitation) -> None:
    """One more."""
    await db.execute(
        _ADD, made.id, made.domain, made.inviter_id, made.username, int(made.registers),
        int(made.contact), made.uses, made.expires,
    )  # fmt: skip


async def find(db: Database, id_: str, now: int) -> Invitation | None:
    """The invitation of that id, if it can be used now."""
    rows = await db.fetch(_FIND, now, id_)
    return _read(rows[0]) if rows else None


async def page(db: Database, now: int, after: str, limit: int) -> list[Invitation]:
    """Those that can be used now, a page at a time."""
    return [_read(row) for row in await db.fetch_large(_LIST, now, after, limit)]


async def is_reserved(db: Database, domain: str, username: str, now: int) -> bool:
    """Whether an open invitation is for that name."""
    return bool(await db.fetch(_RESERVED, now, domain, username))


async def count(db: Database, inviter: int, now: int) -> int:
    """How many of an account's have not expired, used ones too."""
    return int((await db.fetch(_COUNT, inviter, now))[0][0])


async def take(db: Database, id_: str) -> bool:
    """Use it once; False if it has been used as often as it may."""
    return bool(await db.execute(_TAKE, id_))


async def give_back(db: Database, id_: str) -> None:
    """It was not used after all."""
    await db.execute(_GIVE_BACK, id_)


async def remove(db: Database, id_: str) -> bool:
    """Forget it; False if there was none."""
    return bool(await db.execute(_REMOVE, id_))


async def of(db: Database, domain: str, owner: int, now: int, limit: int) -> list[Invitation]:
    """Those to a domain that can be used now, of an account or all (0); soonest to expire first."""
    return [_read(row) for row in await db.fetch_large(_OF, now, domain, owner, limit)]


async def withdraw(db: Database, id_: str, domain: str, owner: int) -> bool:
    """Forget one of these; False if it is none of them, or was used up."""
    return bool(await db.execute(_WITHDRAW, id_, domain, owner))


async def clear(db: Database, before: int) -> None:
    """Forget those that expired before then."""
    await db.execute(_CLEAR, before)


def _read(row: Row) -> Invitation:
    id_, domain, inviter_id, inviter, username, registers, contact, uses, expires = row
    return Invitation(
        id_, domain, JID.parse(inviter) if inviter else None, inviter_id, username,
        bool(registers), bool(contact), uses, expires,
    )  # fmt: skip
