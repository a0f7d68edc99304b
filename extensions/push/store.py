"""Devices that are to be notified, at rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from extensions.push.wants import Wants
from server.storage.insert import Insert
from server.storage.messages import SENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.storage.database import Database
    from server.storage.insert import Step

_FIELDS = "service, node, client, resource, options, wants"
_LIST = """SELECT d.service, d.node, d.client, d.resource, d.options, d.wants,
        t.since, t.told, t.failures, t.until
    FROM push_device d LEFT JOIN push_told t
    ON t.account = d.account AND t.service = d.service AND t.node = d.node
    WHERE d.account = $1 ORDER BY d.service, d.node"""
_ENABLED = "SELECT DISTINCT account FROM push_device"
_SAVE = f"""INSERT INTO push_device (account, {_FIELDS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account, service, node) DO UPDATE SET client = excluded.client,
        resource = excluded.resource, options = excluded.options, wants = excluded.wants"""
_TABLES = ("push_told", "push_device")
_REMOVE_ORPHANS = "DELETE FROM push_device WHERE account NOT IN (SELECT id FROM account)"
_REMOVE_TOLD = """DELETE FROM push_told WHERE NOT EXISTS (SELECT 1 FROM push_device d
    WHERE d.account = push_told.account AND d.service = push_told.service
        AND d.node = push_told.node)"""
_STANZA = "SELECT stanza FROM message WHERE id = $1"
_ENTRIES = """SELECT a.id, a.flags, m.stanza FROM archive a JOIN message m ON m.id = a.id
    WHERE a.account = $1 AND a.id >= $2 AND a.id < $3 AND (a.flags & 6) <> 0
    ORDER BY a.id DESC LIMIT $4"""
_COUNT = """SELECT count(*) FROM archive
    WHERE account = $1 AND id >= $2 AND id < $3 AND (flags & 2) <> 0"""
# Accounts some device of which lacks something that it was not told, as far as a query can say.
_UNTOLD = """SELECT DISTINCT d.account, o.jid
    FROM push_device d JOIN account o ON o.id = d.account
    LEFT JOIN delivered v ON v.account = d.account
    LEFT JOIN push_told t
        ON t.account = d.account AND t.service = d.service AND t.node = d.node
    WHERE d.account > $1 AND (EXISTS (
        SELECT 1 FROM archive a WHERE a.account = d.account AND (a.flags & 2) <> 0
            AND a.id > COALESCE(t.told, 0)
            AND a.id >= CASE WHEN t.since > 0 AND t.since < $2 THEN t.since ELSE $2 END
    ) OR EXISTS (
        SELECT 1 FROM archive a WHERE a.account = d.account AND (a.flags & 2) <> 0
            AND a.id > COALESCE(t.told, 0) AND a.id > COALESCE(v.cursor, 0)
    ) OR EXISTS (
        SELECT 1 FROM pending p WHERE p.account = d.account AND p.settled = 0
            AND p.id > COALESCE(t.told, 0)
    )) ORDER BY d.account LIMIT $3"""

_TOLD = Insert(
    "push_told",
    ("account", "service", "node", "since", "told", "failures", "until"),
    "(account, service, node) DO UPDATE SET since = excluded.since, told = excluded.told,"
    " failures = excluded.failures, until = excluded.until",
    retry=True,
    key=3,
)


@dataclass(frozen=True, slots=True)
class State:
    """What a device lacks and was told (`migrations/0002_told.sql`)."""

    since: int = 0
    told: int = 0
    failures: int = 0
    until: int = 0


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """Where one device is notified, and which of the account's clients it is."""

    service: str
    node: str
    client: str
    resource: str
    options: bytes = b""
    wants: Wants = field(default_factory=Wants)
    state: State = field(default_factory=State, compare=False)


async def listing(db: Database, account: int) -> list[DeviceRow]:
    """All devices of an account."""
    rows = await db.fetch(_LIST, account)
    return [
        DeviceRow(
            service, node, client, resource, bytes(options), _wants(wants),
            State() if state[0] is None else State(*state),
        )
        for service, node, client, resource, options, wants, *state in rows
    ]  # fmt: skip


def _wants(text: str) -> Wants:
    return msgspec.json.decode(text, type=Wants)


def encode(wants: Wants) -> str:
    """What a device asked for, as it is kept."""
    return msgspec.json.encode(wants).decode()


async def enabled(db: Database) -> set[int]:
    """The accounts that have any."""
    return {row[0] for row in await db.fetch(_ENABLED)}


async def save(db: Database, account: int, row: DeviceRow, replaced: Sequence[DeviceRow]) -> None:
    """Keep a device, instead of what was known of it, and of those that it takes the place of."""
    values = (row.service, row.node, row.client, row.resource, row.options, encode(row.wants))
    await db.batch([*_removing(account, replaced), (_SAVE, (account, *values))])


def note(db: Database, account: int, row: DeviceRow, state: State) -> None:
    """Keep what a device lacks and was told, with the next commit."""
    values = (state.since, state.told, state.failures, state.until)
    db.journal.append(_TOLD, (account, row.service, row.node, *values))


async def remove(db: Database, account: int, rows: Sequence[DeviceRow]) -> None:
    """Forget devices."""
    await db.batch(_removing(account, rows))


def _removing(account: int, rows: Sequence[DeviceRow]) -> list[Step]:
    where = "account = $1 AND service = $2 AND node = $3"
    return [
        (f"DELETE FROM {table} WHERE {where}", (account, row.service, row.node))
        for row in rows
        for table in _TABLES
    ]


async def remove_all(db: Database, account: int) -> None:
    """Forget all devices of an account."""
    await db.batch([(f"DELETE FROM {table} WHERE account = $1", (account,)) for table in _TABLES])


async def remove_orphans(db: Database) -> None:
    """Forget the devices of accounts that are gone, and what devices that are gone were told."""
    await db.batch([(_REMOVE_ORPHANS, ()), (_REMOVE_TOLD, ())])


async def stanza(db: Database, mid: int) -> bytes | None:
    """A stored message."""
    rows = await db.fetch(_STANZA, mid)
    return bytes(rows[0][0]) if rows else None


class Entry(NamedTuple):
    """A message in the archive that was due to the account's devices, or that the account sent."""

    mid: int
    is_sent: bool
    stanza: bytes


async def entries(db: Database, account: int, first: int, end: int, limit: int) -> list[Entry]:
    """The newest of these from `first` on and before `end`, the newest first."""
    rows = await db.fetch_large(_ENTRIES, account, first, end, limit)
    return [Entry(mid, bool(flags & SENT), bytes(wire)) for mid, flags, wire in rows]


async def count(db: Database, account: int, first: int, end: int) -> int:
    """How many messages from `first` on and before `end` were due to the account's devices."""
    return int((await db.fetch_large(_COUNT, account, first, end))[0][0])


async def untold(db: Database, after: int, recent: int, limit: int) -> list[tuple[int, str]]:
    """Accounts whose devices may have to be told of something: numbers and addresses, by number.

    Messages from `recent` on may have come when nobody was left to look at them.
    """
    rows = await db.fetch_large(_UNTOLD, after, recent, limit)
    return [(row[0], row[1]) for row in rows]
