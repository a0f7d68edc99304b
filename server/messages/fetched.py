"""What devices have read in the archive is due to none of them any more.

A device may know all messages from the archive (XEP-0313) without ever taking those that wait: when
it asks before it is available, or never is. Each result carries the identifier of its message, made
negative, and the device acknowledges it as it does all else (XEP-0198). While older messages may
wait in the database, the ledger can only remember that; here the cursor follows, beside the stream
of messages, so that nothing is handed out twice or given up for lost after a restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server import log
from server.messages.waiting import UNKNOWN
from server.storage import messages
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from server.account import Account
    from server.server import Server

_log = log.get(__name__)

#: Messages that are looked at in one go.
PORTION: Final = 500
#: Seconds to wait for the rest, before what was left out gets rows of its own.
PATIENCE: Final = 10.0


class Fetched:
    """Lets the cursors of accounts pass what was fetched."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._busy: set[Account] = set()

    def note(self, account: Account) -> None:
        """A device has fetched messages of the account that the cursor did not reach."""
        if account not in self._busy and not self._server.is_stopping:
            self._busy.add(account)
            self._server.tasks.spawn(self._settle(account), "fetched")

    async def _settle(self, account: Account) -> None:
        try:
            await self._follow(account, parks=False)
            if account.ledger.is_ahead:
                await self._server.clock.sleep(PATIENCE)
                await self._follow(account, parks=True)
        except StorageError as error:
            _log.warning("fetched.postponed", error=str(error))
        finally:
            self._busy.discard(account)

    async def _follow(self, account: Account, *, parks: bool) -> None:
        """Move the cursor on as far as it goes."""
        database, ledger = self._server.database, account.ledger
        await database.journal.sync()
        while ledger.is_ahead and self._is_still(account):
            after, last = ledger.cursor, ledger.newest_ahead
            due = await messages.deliverable(database, account.id, after, last, PORTION)
            if not self._is_still(account):
                return
            if ledger.cursor != after:
                continue
            ledger.pass_by(due, last if len(due) < PORTION else due[-1], parks=parks)
            account.waiting = UNKNOWN
            account.save_ledger()
            if ledger.cursor == after:
                return

    @staticmethod
    def _is_still(account: Account) -> bool:
        """Whether the account is the one in memory, and its backlog is not being handed out."""
        is_known = account.host.accounts.known(account.jid) is account
        return is_known and account.draining is None
