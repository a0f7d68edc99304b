"""What an account wants archived (XEP-0441)."""

import json
from dataclasses import dataclass, field

from server.jid import JID
from server.storage.database import Database

_LOAD = "SELECT policy, always, never FROM archive_preference WHERE account = $1"
_SAVE = """INSERT INTO archive_preference (account, policy, always, never)
    VALUES ($1, $2, $3, $4) ON CONFLICT (account) DO UPDATE
    SET policy = excluded.policy, always = excluded.always, never = excluded.never"""


@dataclass(slots=True)
class ArchivePreferences:
    """The default (`always`, `never`, `roster`) and the addresses it does not hold for."""

    policy: str = "always"
    always: set[JID] = field(default_factory=set)
    never: set[JID] = field(default_factory=set)


async def load(db: Database, account: int, default: str = "always") -> ArchivePreferences:
    """The account's wishes; the policy `default` for one that has none of its own."""
    rows = await db.fetch(_LOAD, account)
    if not rows:
        return ArchivePreferences(default)
    policy, always, never = rows[0]
    return ArchivePreferences(policy, _parse(always), _parse(never))


async def save(db: Database, account: int, wishes: ArchivePreferences) -> None:
    """Replace the account's wishes."""
    await db.execute(_SAVE, account, wishes.policy, _build(wishes.always), _build(wishes.never))


def _parse(text: str) -> set[JID]:
    return {JID.parse(each) for each in json.loads(text)}


def _build(jids: set[JID]) -> str:
    return json.dumps(sorted(jids), ensure_ascii=False)
