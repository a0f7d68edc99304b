"""Accounts, their credentials, and where they stand (RFC 6120 §6; RFC 5802 §3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from server.jid import JID
from server.sasl.keys import ScramKeys
from server.storage.database import Database
from server.storage.errors import Conflict
from server.storage.insert import Insert, Step

ACTIVITY = Insert(
    "activity",
    ("account", "last_active", "last_status", "last_login"),
    "(account) DO UPDATE SET last_active = excluded.last_active,"
    " last_status = excluded.last_status, last_login = excluded.last_login",
    retry=True,
    key=1,
)

_FIND = """SELECT a.id, a.jid, a.created, a.roster_version, a.roster_floor,
        COALESCE(d.cursor, 0), COALESCE(t.last_active, 0), COALESCE(t.last_status, ''),
        COALESCE(t.last_login, 0), a.disabled, {kept}
        c.hash, c.iterations, c.salt, c.stored_key, c.server_key
    FROM account a
    LEFT JOIN delivered d ON d.account = a.id
    LEFT JOIN activity t ON t.account = a.id
    LEFT JOIN credential c ON c.account = a.id
    WHERE a.jid = $1"""
_STANDING = 10  # columns of it before what is kept
_FIND_KEYS = """SELECT c.hash, c.iterations, c.salt, c.stored_key, c.server_key
    FROM account a LEFT JOIN credential c ON c.account = a.id WHERE a.jid = $1"""
_CREATE = "INSERT INTO account (jid, created) VALUES ($1, $2)"
_ID = "SELECT id FROM account WHERE jid = $1"
_SAVE_KEYS = """INSERT INTO credential
        (account, hash, iterations, salt, stored_key, server_key)
    VALUES ((SELECT id FROM account WHERE jid = $1), $2, $3, $4, $5, $6)"""
_ADD_KEYS = """INSERT INTO credential (account, hash, iterations, salt, stored_key, server_key)
    SELECT id, $2, $3, $4, $5, $6 FROM account WHERE id = $1 ON CONFLICT DO NOTHING"""
_OF = "WHERE account = (SELECT id FROM account WHERE jid = $1)"
_DROP_KEYS = f"DELETE FROM credential {_OF}"
# Whoever holds a token got it for the old password.
_DROP_TOKENS = f"DELETE FROM token {_OF}"
_FORGET_PASSWORD = f"UPDATE client SET password = 0 {_OF}"
_DISABLE = "UPDATE account SET disabled = $2 WHERE jid = $1 AND disabled = 0"
_ENABLE = "UPDATE account SET disabled = 0 WHERE jid = $1"
_LAST_LOGIN = """SELECT t.last_login FROM account a JOIN activity t ON t.account = a.id
        WHERE a.jid = $1
    UNION ALL SELECT u.last_seen FROM account a JOIN client_use u ON u.account = a.id
        WHERE a.jid = $1"""
_OWNED = (
    "credential",
    "delivered",
    "activity",
    "roster_item",
    "roster_removal",
    "subscription_request",
    "pending",
    "archive_preference",
    "token",
    "client_use",
    "client_progress",
    "client",
)


class AccountExists(Exception):
    """There is an account of this name already."""


@dataclass(slots=True)
class AccountRow:
    """An account as it is needed at login."""

    id: int
    jid: str
    created: int
    roster_version: int
    roster_floor: int
    delivered: int
    last_active: int
    last_status: str
    last_login: int
    disabled: int
    """Since when nobody may log in, in unix milliseconds; 0: it is open."""
    credentials: Mapping[str, ScramKeys]
    kept: frozenset[str]
    """Those of the tables asked for in which something of the account stands."""


async def create_account(db: Database, jid: JID, keys: Iterable[ScramKeys], now_ms: int) -> int:
    """Create an account with its credentials and return its number; may raise `AccountExists`."""
    steps: list[Step] = [(_CREATE, (jid, now_ms))]
    try:
        await db.batch(steps + [_keys_step(jid, each) for each in keys])
    except Conflict as conflict:
        raise AccountExists(jid) from conflict
    rows = await db.fetch(_ID, jid)
    return int(rows[0][0])


async def set_credentials(db: Database, jid: JID, keys: Iterable[ScramKeys]) -> None:
    """Replace all credentials of an account, and revoke its tokens.

    Raises `Conflict` if there is no such account.
    """
    steps: list[Step] = [(_DROP_KEYS, (jid,)), (_DROP_TOKENS, (jid,)), (_FORGET_PASSWORD, (jid,))]
    await db.batch(steps + [_keys_step(jid, each) for each in keys])


async def add_credentials(db: Database, account: int, keys: ScramKeys) -> None:
    """Keys of one more hash function for the same password (XEP-0480); the others stay.

    By the number of the account: its name may be somebody else's meanwhile.
    """
    await db.execute(
        _ADD_KEYS, account, keys.hash, keys.iterations, keys.salt, keys.stored_key, keys.server_key
    )


async def find_credentials(db: Database, jid: JID) -> Mapping[str, ScramKeys] | None:
    """What an account is logged in with; None if there is no such account."""
    rows = await db.fetch(_FIND_KEYS, jid)
    if not rows:
        return None
    return {row[0]: ScramKeys(*row) for row in rows if row[0] is not None}


async def find_account(db: Database, jid: JID, tables: tuple[str, ...] = ()) -> AccountRow | None:
    """An account with its credentials and its standing, in one read.

    It also says in which of the `tables` the account has rows, by their column `account`.
    """
    rows = await db.fetch(_finding(tables), jid)
    if not rows:
        return None
    first, end = rows[0], _STANDING + len(tables)
    kept = frozenset(
        name for name, is_there in zip(tables, first[_STANDING:end], strict=True) if is_there
    )
    keys = {row[end]: ScramKeys(*row[end:]) for row in rows if row[end] is not None}
    number, jid_, created, version, floor, cursor, active, status, login, shut = first[:_STANDING]
    return AccountRow(
        number, jid_, created, version, floor, cursor, active, status, login, shut, keys, kept
    )


@cache
def _finding(tables: tuple[str, ...]) -> str:
    asked = (f"EXISTS (SELECT 1 FROM {name} WHERE account = a.id)," for name in tables)
    return _FIND.format(kept=" ".join(asked))


async def account_exists(db: Database, jid: JID) -> bool:
    """Whether there is such an account."""
    return bool(await db.fetch(_ID, jid))


async def list_accounts(
    db: Database, after: str = "", limit: int = 1000, *, disabled: bool = False
) -> list[str]:
    """Bare addresses in order, a page at a time; all, or only those that are disabled."""
    only = "disabled > 0 AND " if disabled else ""
    rows = await db.fetch_large(
        f"SELECT jid FROM account WHERE {only}jid > $1 ORDER BY jid LIMIT $2", after, limit
    )
    return [row[0] for row in rows]


async def count_accounts(db: Database) -> int:
    """How many accounts there are."""
    rows = await db.fetch_large("SELECT count(*) FROM account")
    return int(rows[0][0])


async def delete_account(db: Database, jid: JID) -> bool:
    """Delete an account and everything of it; its archive is erased later by `retention`."""
    rows = await db.fetch(_ID, jid)
    if not rows:
        return False
    account = rows[0][0]
    steps: list[Step] = [
        (f"DELETE FROM {table} WHERE account = $1", (account,)) for table in _OWNED
    ]
    steps.append(("DELETE FROM account WHERE id = $1", (account,)))
    steps.append(("INSERT INTO departed (account) VALUES ($1) ON CONFLICT DO NOTHING", (account,)))
    await db.batch(steps)
    return True


async def last_login(db: Database, jid: JID) -> int:
    """When the account was logged into last, in unix milliseconds; 0: never, or not yet noted."""
    rows = await db.fetch(_LAST_LOGIN, jid)
    return max((int(row[0]) for row in rows), default=0)


async def disable(db: Database, jid: JID, now_ms: int) -> None:
    """From now on nobody may log in; since when is kept if it was so already."""
    await db.execute(_DISABLE, jid, now_ms)


async def enable(db: Database, jid: JID) -> None:
    """Its owner may log in again."""
    await db.execute(_ENABLE, jid)


def save_last_active(
    db: Database, account: int, now_ms: int, status: str = "", last_login: int = 0
) -> int:
    """Note when the account was last online (XEP-0012 §4), through the journal.

    And when it logged in last (XEP-0133 §4.9): together, as each row has its price.
    """
    return db.journal.append(ACTIVITY, (account, now_ms, status, last_login))


def _keys_step(jid: JID, keys: ScramKeys) -> Step:
    args = (jid, keys.hash, keys.iterations, keys.salt, keys.stored_key, keys.server_key)
    return _SAVE_KEYS, args
