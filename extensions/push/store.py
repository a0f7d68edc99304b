"""Devices that are to be notified, at rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from extensions.push.wants import Wants

if TYPE_CHECKING:
    from server.storage.database import Database

_FIELDS = "service, node, client, resource, options, wants"
_LIST = f"SELECT {_FIELDS} FROM push_device WHERE account = $1 ORDER BY service, node"
_ENABLED = "SELECT DISTINCT account FROM push_device"
_SAVE = f"""INSERT INTO push_device (account, {_FIELDS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account, service, node) DO UPDATE SET client = excluded.client,
        resource = excluded.resource, options = excluded.options, wants = excluded.wants"""
_REMOVE = "DELETE FROM push_device WHERE account = $1 AND service = $2 AND node = $3"
_REMOVE_ALL = "DELETE FROM push_device WHERE account = $1"
_STANZA = "SELECT stanza FROM message WHERE id = $1"
_REMOVE_ORPHANS = "DELETE FROM push_device WHERE account NOT IN (SELECT id FROM account)"


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """Where one device is notified, and which of the account's clients it is."""

    service: str
    node: str
    client: str
    resource: str
    options: bytes = b""
    wants: Wants = field(default_factory=Wants)


async def listing(db: Database, account: int) -> list[DeviceRow]:
    """All devices of an account."""
    rows = await db.fetch(_LIST, account)
    return [
        DeviceRow(service, node, client, resource, bytes(options), _wants(wants))
        for service, node, client, resource, options, wants in rows
    ]


def _wants(text: str) -> Wants:
    return msgspec.json.decode(text, type=Wants)


async def enabled(db: Database) -> set[int]:
    """The accounts that have any."""
    return {row[0] for row in await db.fetch(_ENABLED)}


async def save(db: Database, account: int, row: DeviceRow) -> None:
    """Keep a device, instead of what was known of it."""
    wants = msgspec.json.encode(row.wants).decode()
    await db.execute(
        _SAVE, account, row.service, row.node, row.client, row.resource, row.options, wants
    )


async def remove(db: Database, account: int, rows: list[DeviceRow]) -> None:
    """Forget devices."""
    await db.batch([(_REMOVE, (account, row.service, row.node)) for row in rows])


async def remove_all(db: Database, account: int) -> None:
    """Forget all devices of an account."""
    await db.execute(_REMOVE_ALL, account)


async def remove_orphans(db: Database) -> None:
    """Forget the devices of accounts that are gone."""
    await db.execute(_REMOVE_ORPHANS)


async def stanza(db: Database, mid: int) -> bytes | None:
    """A stored message."""
    rows = await db.fetch(_STANZA, mid)
    return bytes(rows[0][0]) if rows else None
