"""A change of one contact, in memory and on disk (RFC 6121 §2.3, §3.1).

Memory changes first, so that whoever comes next decides from what is true now; the change is spoken
of, to clients and to the contact, only once it is on disk. If it cannot be stored, it is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server import log
from server.errors import Condition, StanzaError
from server.storage import roster as store
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from server.account import Account
    from server.jid import JID
    from server.roster.item import RosterItem
    from server.storage.insert import Step

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """What is known of a contact before and after; `version` is 0 if clients see no difference.

    `request` is the contact's request as it came, where one has come.
    """

    contact: JID
    before: RosterItem | None
    after: RosterItem | None
    version: int = 0
    request: bytes | None = None


def next_version(account: Account) -> int:
    """The number of the change that is about to be made; they only grow (RFC 6121 §2.6)."""
    server = account.host.server
    return server.ids.next(int(server.clock.utcnow() * 1000))


async def save(account: Account, change: Change) -> None:
    """Change the roster; it is on disk when this returns. Raises StanzaError if it cannot be."""
    roster, contact = account.roster, change.contact
    server = account.host.server
    waiting = roster.requests.get(contact)
    roster.note(contact, change.after, change.request, change.version)
    steps = _steps(account.id, change, int(server.clock.utcnow() * 1000))
    if not steps:
        return
    try:
        await server.database.batch(steps)
    except StorageError as error:
        _log.error("roster.not_saved", account=account.jid, error=str(error))
        if roster.get(contact) is change.after:
            roster.note(contact, change.before, waiting)
        raise StanzaError(
            Condition.RESOURCE_CONSTRAINT, "this server cannot store changes now; try again later"
        ) from error


def _steps(account: int, change: Change, now_ms: int) -> list[Step]:
    before, after, contact = change.before, change.after, change.contact
    steps: list[Step] = []
    if change.version:
        if after is not None and after.listed:
            steps += store.save_item(account, _row(after, change.version))
        elif before is not None and before.listed:
            steps += store.remove_item(account, contact, change.version)
    if change.request is not None:
        steps += store.save_request(account, contact, change.request, now_ms)
    elif _waits(before) and not _waits(after):
        steps += store.remove_request(account, contact)
    return steps


def _waits(item: RosterItem | None) -> bool:
    return item is not None and item.state.pending_in


def _row(item: RosterItem, version: int) -> store.Item:
    return store.Item(
        item.jid, item.name, item.subscription, item.ask, item.approved, item.groups, version
    )
