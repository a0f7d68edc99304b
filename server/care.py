"""What the server does for its storage, unasked, every hour.

Messages that waited too long for a device are given up and their senders told
(`limits.pending_for`), messages that are too old are erased (`archive.retention`), and so is what
belonged to accounts that were deleted. All of it in small batches with pauses, so that nobody
notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server import bugs, log, message_id
from server.messages.expiry import Expiry
from server.storage import retention
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from server.server import Server

_log = log.get(__name__)

#: After the start others come first.
FIRST: Final = 60.0
INTERVAL: Final = 3600.0
#: By how much a round comes earlier or later, so that many servers on one disk do not meet.
SPREAD: Final = 0.2
#: Between two batches.
PAUSE: Final = 0.05


class Care:
    """The hourly rounds. Owned by the server's tasks."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._expiry = Expiry(server)
        self._patience = float(server.config.limits.pending_for)
        self._retention = float(server.config.archive.retention)

    async def run(self) -> None:
        """Go round until cancelled."""
        clock, entropy = self._server.clock, self._server.entropy
        await clock.sleep(FIRST * (1 + entropy.fraction()))
        while True:
            await self.once()
            await clock.sleep(INTERVAL * (1 + SPREAD * (entropy.fraction() - 0.5)))

    async def once(self) -> None:
        """One round. What cannot be done now is done in the next."""
        try:
            await self._go_round()
        except StorageError as error:
            _log.warning("care.postponed", error=str(error))
        except Exception as bug:  # noqa: BLE001 - the next round may fare better
            bugs.record("care.crashed", bug)

    async def _go_round(self) -> None:
        database = self._server.database
        await self._give_up()
        if (before := self._ago(self._retention)) > 0:
            erased = await retention.purge(database, before, self._pause)
            if erased:
                _log.info("messages.erased", count=erased)
        await retention.purge_settled(database, self._pause)
        await retention.erase_departed(database, self._pause)

    async def _give_up(self) -> None:
        """End the waiting of messages, before they are erased at the latest."""
        seconds = min(self._patience, self._retention)
        if (before := self._ago(seconds)) > 0:
            count = await self._expiry.settle(before, seconds, self._pause)
            if count:
                _log.info("messages.given_up", count=count)

    def _ago(self, seconds: float) -> int:
        """The lowest identifier of a message that is not yet so old; 0 if none can be too old."""
        now = self._server.clock.utcnow()
        return message_id.first_at(int((now - seconds) * 1000)) if seconds < now else 0

    async def _pause(self) -> None:
        await self._server.clock.sleep(PAUSE)
