"""Rosters at rest: items, removals for versioning, unanswered requests (RFC 6121 §2, §3.1.3).

Changes are step builders: the caller puts the steps of several changes into one `batch`. Versions
come from the caller and only need to grow (a `MessageIDs` number will do).
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from server.storage.database import Database
from server.storage.insert import Step

# So many removals are remembered; a client that missed more gets the whole roster.
REMOVALS_KEPT = 100

_COLUMNS = "contact, name, subscription, ask, approved, groups, version"
_VERSION = "SELECT roster_version, roster_floor FROM account WHERE id = $1"
_ITEMS = f"SELECT {_COLUMNS} FROM roster_item WHERE account = $1"
_REQUESTS = """SELECT contact, stanza, received FROM subscription_request
    WHERE account = $1 ORDER BY received, contact"""
_ITEMS_SINCE = f"{_ITEMS} AND version > $2"
_REMOVALS_SINCE = "SELECT contact, version FROM roster_removal WHERE account = $1 AND version > $2"
_SAVE = f"""INSERT INTO roster_item (account, {_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (account, contact) DO UPDATE SET name = excluded.name,
        subscription = excluded.subscription, ask = excluded.ask, approved = excluded.approved,
        groups = excluded.groups, version = excluded.version"""
_FORGET_REMOVAL = "DELETE FROM roster_removal WHERE account = $1 AND contact = $2"
_REMOVE = "DELETE FROM roster_item WHERE account = $1 AND contact = $2"
_NOTE_REMOVAL = """INSERT INTO roster_removal (account, contact, version) VALUES ($1, $2, $3)
    ON CONFLICT (account, contact) DO UPDATE SET version = excluded.version"""
_RAISE_FLOOR = f"""UPDATE account SET roster_floor = COALESCE(
    (SELECT version FROM roster_removal WHERE account = $1
     ORDER BY version DESC LIMIT 1 OFFSET {REMOVALS_KEPT}), roster_floor) WHERE id = $1"""
_PRUNE = """DELETE FROM roster_removal WHERE account = $1
    AND version <= (SELECT roster_floor FROM account WHERE id = $1)"""
_RAISE_VERSION = "UPDATE account SET roster_version = $2 WHERE id = $1 AND roster_version < $2"
_ESTRANGE = """UPDATE roster_item SET subscription = 'none', ask = 0, approved = 0
    WHERE contact = $1"""
_FORGET_REQUESTS = "DELETE FROM subscription_request WHERE contact = $1"
_SAVE_REQUEST = """INSERT INTO subscription_request (account, contact, stanza, received)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (account, contact) DO UPDATE SET stanza = excluded.stanza"""
_REMOVE_REQUEST = "DELETE FROM subscription_request WHERE account = $1 AND contact = $2"


class Item(NamedTuple):
    """A roster item as it is stored."""

    contact: str
    name: str = ""
    subscription: str = "none"
    ask: bool = False
    approved: bool = False
    groups: tuple[str, ...] = ()
    version: int = 0


class Request(NamedTuple):
    """A subscription request that nobody has answered yet."""

    contact: str
    stanza: bytes
    received: int


@dataclass(slots=True)
class StoredRoster:
    """All that is stored of a roster; removals up to `floor` are forgotten."""

    items: list[Item]
    requests: list[Request]
    version: int
    floor: int


@dataclass(slots=True)
class Changes:
    """What has become of a roster since a version, each list in the order of its versions."""

    items: list[Item]
    removed: list[tuple[str, int]]


async def load(
    db: Database, account: int, *, versions: tuple[int, int] | None = None,
    has_items: bool = True, has_requests: bool = True,
) -> StoredRoster:  # fmt: skip
    """The whole roster of an account; `versions` are its version and its floor, if known."""
    if versions is None:
        versions = next(iter(await db.fetch(_VERSION, account)), (0, 0))
    items = await db.fetch(_ITEMS, account) if has_items else []
    requests = await db.fetch(_REQUESTS, account) if has_requests else []
    version, floor = versions
    return StoredRoster(
        [_item(*row) for row in items],
        [Request(contact, bytes(stanza), received) for contact, stanza, received in requests],
        version,
        floor,
    )


async def changes_since(db: Database, account: int, version: int) -> Changes | None:
    """What changed after `version`, or None if only the whole roster will do (RFC 6121 §2.6.3)."""
    versions = await db.fetch(_VERSION, account)
    if not versions or not versions[0][1] <= version <= versions[0][0]:
        return None
    items = await db.fetch(_ITEMS_SINCE, account, version)
    removals = await db.fetch(_REMOVALS_SINCE, account, version)
    return Changes(
        sorted((_item(*row) for row in items), key=lambda item: item.version),
        sorted(((row[0], row[1]) for row in removals), key=lambda removal: removal[1]),
    )


def save_item(account: int, item: Item) -> list[Step]:
    """Steps that store an item in its version."""
    groups = json.dumps(item.groups, ensure_ascii=False)
    args = (item.contact, item.name, item.subscription, int(item.ask), int(item.approved), groups)
    return [
        (_SAVE, (account, *args, item.version)),
        (_FORGET_REMOVAL, (account, item.contact)),
        (_RAISE_VERSION, (account, item.version)),
    ]


def remove_item(account: int, contact: str, version: int) -> list[Step]:
    """Steps that remove an item and remember, for a while, that it is gone."""
    return [
        (_REMOVE, (account, contact)),
        (_NOTE_REMOVAL, (account, contact, version)),
        (_RAISE_FLOOR, (account,)),
        (_PRUNE, (account,)),
        (_RAISE_VERSION, (account, version)),
    ]


def save_request(account: int, contact: str, stanza: bytes, received_ms: int) -> list[Step]:
    """Steps that keep a request until it is answered.

    "the user's server MUST keep a record of the complete presence stanza comprising the
    subscription request" (RFC 6121 §3.1.3); a repeated one keeps its place.
    """
    return [(_SAVE_REQUEST, (account, contact, stanza, received_ms))]


def remove_request(account: int, contact: str) -> list[Step]:
    """Steps that forget a request."""
    return [(_REMOVE_REQUEST, (account, contact))]


async def estrange(db: Database, contact: str) -> None:
    """In no roster here anything binds that address any more: the next one who has it is another.

    For when no server runs: it reads all rosters, and nobody is told.
    """
    await db.batch([(_ESTRANGE, (contact,)), (_FORGET_REQUESTS, (contact,))])


def _item(
    contact: str, name: str, subscription: str, ask: int, approved: int, groups: str, version: int
) -> Item:
    labels = tuple(json.loads(groups))
    return Item(contact, name, subscription, bool(ask), bool(approved), labels, version)
