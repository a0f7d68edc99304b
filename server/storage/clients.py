"""The programs that log into an account, and their tokens (XEP-0388 §2.3, XEP-0484, XEP-0494)."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.jid import JID
from server.storage.database import Database
from server.storage.insert import Insert, Row, Step

#: The slots of XEP-0484 §5.1.
CURRENT = 0
NEW = 1

USE = Insert(
    "client_use",
    ("account", "client", "last_seen"),
    "(account, client) DO UPDATE SET last_seen = excluded.last_seen",
    retry=True,
    key=2,
)

# One row says both; neither the cursor nor the flag goes back.
PROGRESS = Insert(
    "client_progress",
    ("account", "client", "cursor", "reads_archive"),
    """(account, client) DO UPDATE SET cursor = CASE
        WHEN excluded.cursor > client_progress.cursor
        THEN excluded.cursor ELSE client_progress.cursor END, reads_archive = CASE
        WHEN excluded.reads_archive > client_progress.reads_archive
        THEN excluded.reads_archive ELSE client_progress.reads_archive END""",
    retry=True,
    key=2,
)

_FIELDS = """c.client, c.software, c.device, c.first_seen, COALESCE(u.last_seen, c.first_seen),
        c.password, c.granted, COALESCE(p.cursor, 0), COALESCE(p.reads_archive, 0)"""
_TOKEN = "t.slot, t.mechanism, t.nonce, t.issued, t.expiry, t.count"  # noqa: S105
_JOINED = """FROM client c
    LEFT JOIN client_use u ON u.account = c.account AND u.client = c.client
    LEFT JOIN client_progress p ON p.account = c.account AND p.client = c.client
    LEFT JOIN token t ON t.account = c.account AND t.client = c.client"""
_FIND = f"SELECT {_FIELDS}, {_TOKEN} {_JOINED} WHERE c.account = $1 AND c.client = $2"
_FIND_OF = f"""SELECT {_FIELDS}, {_TOKEN}, a.id {_JOINED}
    JOIN account a ON a.id = c.account WHERE a.jid = $1 AND c.client = $2"""
_LIST = f"""SELECT {_FIELDS}, {_TOKEN} {_JOINED} WHERE c.account = $1
    ORDER BY c.first_seen, c.client, t.slot"""
_SAVE = """INSERT INTO client (account, client, software, device, first_seen, password, granted)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, client) DO UPDATE
    SET software = excluded.software, device = excluded.device,
        password = excluded.password, granted = excluded.granted"""
_ISSUE = """INSERT INTO token (account, client, slot, mechanism, nonce, issued, expiry)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, client, slot) DO UPDATE
    SET mechanism = excluded.mechanism, nonce = excluded.nonce, issued = excluded.issued,
        expiry = excluded.expiry, count = -1"""
_PROMOTE = "UPDATE token SET slot = 0 WHERE account = $1 AND client = $2 AND slot = 1"
_DROP_SLOT = "DELETE FROM token WHERE account = $1 AND client = $2 AND slot = $3"
_COUNT = """UPDATE token SET count = $4
    WHERE account = $1 AND client = $2 AND nonce = $3 AND count < $4 RETURNING count"""
_TABLES = ("token", "client_use", "client_progress", "client")


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What is kept of a token; times are unix milliseconds, `count` is the last one seen."""

    slot: int
    mechanism: str
    nonce: bytes
    issued: int
    expiry: int
    count: int = -1


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client of an account."""

    client: str
    software: str
    device: str
    first_seen: int
    last_seen: int
    password: bool
    granted: bool
    tokens: tuple[TokenRow, ...] = ()
    cursor: int = 0
    """The newest message that it has (`server/messages/progress.py`); 0: not known."""
    reads_archive: bool = False


async def find(db: Database, account: int, client: str) -> ClientRow | None:
    """One client with its tokens, in one read."""
    rows = await db.fetch(_FIND, account, client)
    return _build(rows) if rows else None


async def find_of(db: Database, jid: JID, client: str) -> tuple[int, ClientRow] | None:
    """The number of an account, and a client of it with its tokens, in one read."""
    rows = await db.fetch(_FIND_OF, jid, client)
    return (rows[0][-1], _build(rows)) if rows else None


async def listing(db: Database, account: int) -> list[ClientRow]:
    """All clients of an account, the oldest first."""
    rows = await db.fetch(_LIST, account)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return [_build(group) for group in groups.values()]


def use(db: Database, account: int, client: str, now_ms: int) -> int:
    """Note that a client has logged in, through the journal."""
    return db.journal.append(USE, (account, client, now_ms))


def save_progress(
    db: Database, account: int, client: str, cursor: int, *, reads_archive: bool
) -> int:
    """Note which message a client has got, through the journal; it never moves back."""
    return db.journal.append(PROGRESS, (account, client, cursor, int(reads_archive)))


def saving(account: int, row: ClientRow) -> Step:
    """The write that keeps what is known of a client."""
    return _SAVE, (account, row.client, row.software, row.device, row.first_seen,
                   int(row.password), int(row.granted))  # fmt: skip


def issuing(account: int, client: str, token: TokenRow) -> Step:
    """The write that keeps a token in its slot, instead of what was there."""
    return _ISSUE, (account, client, token.slot, token.mechanism, token.nonce, token.issued,
                    token.expiry)  # fmt: skip


def promoting(account: int, client: str) -> list[Step]:
    """The writes that make the new token the current one (XEP-0484 §5.1)."""
    return [(_DROP_SLOT, (account, client, CURRENT)), (_PROMOTE, (account, client))]


def dropping_tokens(account: int, client: str) -> Step:
    """The write that makes all tokens of a client worthless."""
    return "DELETE FROM token WHERE account = $1 AND client = $2", (account, client)


def forgetting(account: int, client: str) -> list[Step]:
    """The writes that forget a client and its tokens."""
    return [
        (f"DELETE FROM {table} WHERE account = $1 AND client = $2", (account, client))
        for table in _TABLES
    ]


async def count_up(db: Database, account: int, client: str, nonce: bytes, count: int) -> bool:
    """Note the counter of a login; False if it was seen before, or a higher one (§3.4)."""
    return bool(await db.execute(_COUNT, account, client, nonce, count))


async def write(db: Database, steps: Sequence[Step]) -> None:
    """Several of the writes above, all or none; on disk when this returns."""
    await db.batch(steps)


def _build(rows: Sequence[Row]) -> ClientRow:
    client, software, device, first, last, password, granted, cursor, reads_archive = rows[0][:9]
    tokens = tuple(
        TokenRow(row[9], row[10], bytes(row[11]), *row[12:15]) for row in rows if row[9] is not None
    )
    return ClientRow(
        client, software, device, first, last, bool(password), bool(granted), tokens, cursor,
        bool(reads_archive),
    )  # fmt: skip
