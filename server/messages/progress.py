"""How far each client of an account has come with its messages.

Whether a message is *pending* is a question about the account: until one device has it
(`ledger.py`). Whether *this* device has it is another one, and has a cursor for each client over
the same archive: the newest message that the client has acknowledged or fetched. A client that
comes back is handed what came after its cursor, also what other devices have long had
(`server/drain.py`); unless it reads the archive by itself (XEP-0313), as most do, and would get
everything twice.

Only clients that tell who they are have one (XEP-0388 §2.3): a resource is no lasting name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server import message_id
from server.storage import clients as store

if TYPE_CHECKING:
    from server.account import Account
    from server.storage.clients import ClientRow

_TO = b" to='"


class Progress:
    """The delivery state of one client."""

    __slots__ = ("_account", "client", "cursor", "reads_archive")

    def __init__(self, account: Account, client: str, known: ClientRow | None) -> None:
        """`known` is what was read of the client at its login.

        A new one starts here and now: what came earlier it does not miss, unless nobody has it.
        """
        self._account = account
        self.client = client
        self.cursor = 0 if known is None else known.cursor
        self.reads_archive = known is not None and known.reads_archive
        if not self.cursor:
            now_ms = int(account.host.server.clock.utcnow() * 1000)
            self.arrived(message_id.first_at(now_ms) - 1)

    def arrived(self, mid: int) -> None:
        """The client has this message."""
        if mid > self.cursor:
            self.cursor = mid
            self._save()

    def asks_archive(self) -> None:
        """The client looks after itself from now on: it reads the archive."""
        if not self.reads_archive:
            self.reads_archive = True
            self._save()

    @property
    def is_behind(self) -> bool:
        """Whether the client may lack messages that it has no other way to get."""
        return not self.reads_archive and self.cursor < self._account.ledger.top

    def start(self, pending_for: float) -> int:
        """After which message it goes on; what is older than so many seconds is left to lie."""
        utcnow = self._account.host.server.clock.utcnow()
        return max(self.cursor, message_id.first_at(int((utcnow - pending_for) * 1000)))

    def _save(self) -> None:
        database = self._account.host.server.database
        store.save_progress(
            database, self._account.id, self.client, self.cursor, reads_archive=self.reads_archive
        )


def is_for(wire: bytes, bare: bytes, full: bytes) -> bool:
    """Whether a stored message was meant for this device: for all, or for this one by name.

    What was addressed to another resource its owner's other devices know by carbons, if they want
    to (XEP-0280). The addresses are escaped as they stand in the stanza.
    """
    to = wire[: wire.index(b">")].rpartition(_TO)[2].removesuffix(b"'")
    return to == full or not to.startswith(bare + b"/")
