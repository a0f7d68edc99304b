"""Messages that no device has fetched in time: they wait no longer, and their senders are told.

They stay in the archive. The notices are made by `server/messages/notices.py`.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from server import message_id
from server.messages import notices
from server.messages.waiting import UNKNOWN
from server.storage import messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.jid import JID
    from server.server import Server
    from server.stanza import Stanza
    from server.storage.retention import Pause

PORTION: Final = 100
#: Conversations about which a letter was written today; beyond it only errors are sent.
REMEMBERED: Final = 20_000
_DAY: Final = 86_400

Row = tuple[int, int, bytes]


class Expiry:
    """Ends the waiting of messages."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._day = 0
        self._told: set[tuple[JID, JID]] = set()

    async def settle(self, before: int, seconds: float, pause: Pause) -> int:
        """End the waiting of all messages below the identifier `before`; returns of how many.

        `seconds` is how long they were allowed to wait.
        """
        database, settled = self._server.database, 0
        await database.journal.sync()
        after = (0, 0)
        while rows := await messages.expired(database, before, PORTION, after):
            after = rows[-1][:2]
            for number, own in groupby(rows, key=lambda row: row[0]):
                settled += await self._settle(number, list(own), seconds)
            await pause()
        return settled

    async def _settle(self, number: int, rows: list[Row], seconds: float) -> int:
        """The same for rows of one account, ascending."""
        account = await self._account(number, rows)
        # What is just being handed out has been fetched in time, by a hair's breadth.
        if account is None or account.draining is not None:
            return 0
        gone = [row for row in rows if account.ledger.is_waiting(row[1])]
        if not gone:
            return 0
        account.ledger.expired([mid for _, mid, _ in gone])
        account.waiting = UNKNOWN
        account.save_ledger()
        await self._tell((row[1:] for row in gone), seconds)
        return len(gone)

    async def _account(self, number: int, rows: list[Row]) -> Account | None:
        """The account of that number: the one that the messages are for."""
        for _, _, wire in rows:
            message = notices.read(wire)
            if message is None or message.to is None:
                continue
            host = self._server.hosts.get(message.to.domain)
            account = None if host is None else await host.accounts.load(message.to.bare)
            if account is not None and account.id == number:
                return account
        return None

    async def _tell(self, expired: Iterable[tuple[int, bytes]], seconds: float) -> None:
        """Tell those senders who want to know."""
        for mid, wire in expired:
            message = notices.read(wire)
            if message is None or not notices.is_worth_telling(message):
                continue
            sender = message.from_.bare
            self._server.send(sender, notices.failure(message, message_id.to_ms(mid), seconds))
            await self._write(message, seconds)

    async def _write(self, message: Stanza, seconds: float) -> None:
        """Write the sender a letter, unless there was one about this conversation today."""
        assert message.to is not None
        sender, recipient = message.from_.bare, message.to.bare
        host = self._server.hosts.get(sender.domain)
        if host is None or not self._is_first(sender, recipient):
            return
        name = self._server.entropy.stanza_id()
        pending = host.receive(notices.letter(host.jid, sender, recipient, name, seconds))
        if pending is not None:
            await pending

    def _is_first(self, sender: JID, recipient: JID) -> bool:
        """Whether this is the first news about the conversation today."""
        day = int(self._server.clock.utcnow()) // _DAY
        if day != self._day:
            self._day, self._told = day, set()
        if (sender, recipient) in self._told or len(self._told) >= REMEMBERED:
            return False
        self._told.add((sender, recipient))
        return True
