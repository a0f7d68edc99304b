"""How many messages may wait for an account that has no device to take them (XEP-0160 §3).

Their number and their bytes are kept in memory with the account. They are read from the database,
beside the stream of messages, when the first one comes that has to wait and older ones may wait
already; until they are known, messages are let in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from server import outages
from server.storage import messages
from server.storage.errors import StorageError, StorageUnavailable

if TYPE_CHECKING:
    from server.account import Account
    from server.server import Server

#: What `Account.waiting` says while nobody has counted.
UNKNOWN: Final = -1


class WaitingRoom:
    """Lets messages wait for accounts, up to the limit of each."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._most = server.config.limits.pending_per_account
        self._most_bytes = int(server.config.limits.pending_bytes_per_account)

    def admits(self, account: Account, size: int) -> bool:
        """Whether one more message of that size may wait for the account; it is counted if so."""
        if account.waiting == UNKNOWN:
            account.waiting = account.waiting_bytes = 0
            if account.ledger.has_pending and not self._server.is_stopping:
                self._server.tasks.spawn(self._count(account), "counting")
        if account.waiting >= self._most or account.waiting_bytes + size > self._most_bytes:
            return False
        account.waiting += 1
        account.waiting_bytes += size
        return True

    async def _count(self, account: Account) -> None:
        """Add what waited before."""
        database = self._server.database
        # What cannot be written can still be counted.
        with suppress(StorageError):
            await database.journal.sync()
        try:
            count, size = await messages.weigh_pending(database, account.id, account.ledger.cursor)
        except StorageUnavailable as outage:
            outages.note(outage)
            account.waiting = UNKNOWN  # the next message asks again
            return
        if account.waiting != UNKNOWN:
            account.waiting = max(account.waiting, count)
            account.waiting_bytes = max(account.waiting_bytes, size)
