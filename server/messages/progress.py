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

from typing import TYPE_CHECKING, Final

from server import message_id
from server.storage import clients as store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.storage.clients import ClientRow

#: So many messages that came out of turn are remembered.
OUT_OF_TURN: Final = 10_000

_TO = b" to='"


class Progress:
    """The delivery state of one client."""

    __slots__ = ("_account", "_out_of_turn", "client", "cursor", "reads_archive")

    def __init__(self, account: Account, client: str, known: ClientRow | None) -> None:
        """`known` is what was read of the client at its login.

        A new one starts here and now: what came earlier it does not miss, unless nobody has it.
        """
        self._account = account
        self.client = client
        self.cursor = 0 if known is None else known.cursor
        self.reads_archive = known is not None and known.reads_archive
        self._out_of_turn: dict[int, None] = {}
        if not self.cursor:
            now_ms = int(account.host.server.clock.utcnow() * 1000)
            self.arrived([message_id.first_at(now_ms) - 1])

    def arrived(self, mids: Iterable[int]) -> None:
        """The client has these messages, and what came before them in its turn."""
        mid = max((mid for mid in mids if mid not in self._out_of_turn), default=0)
        if mid > self.cursor:
            self.cursor = mid
            self._save()
            if self._out_of_turn:
                self._out_of_turn = {each: None for each in self._out_of_turn if each > mid}

    def came_out_of_turn(self, mid: int) -> None:
        """A message goes to a client that does not get all the others now, as it is not available.

        So it says nothing about these.
        """
        while len(self._out_of_turn) >= OUT_OF_TURN:
            del self._out_of_turn[next(iter(self._out_of_turn))]
        self._out_of_turn[mid] = None

    def has_all(self) -> None:
        """The client has got all the others too, and owes no word about any."""
        late, self._out_of_turn = self._out_of_turn, {}
        self.arrived(late)

    def lacks(self, mid: int) -> bool:
        """Whether the client has not had this message, as far as that is known."""
        return mid > self.cursor and mid not in self._out_of_turn

    def asks_archive(self) -> None:
        """The client looks after itself from now on: it reads the archive."""
        if not self.reads_archive:
            self.reads_archive = True
            self._save()

    @property
    def is_behind(self) -> bool:
        """Whether the client may lack messages that it has no other way to get.

        While the backlog has not been read, nobody knows which messages there are.
        """
        ledger = self._account.ledger
        return not self.reads_archive and (ledger.backlog or self.cursor < ledger.top)

    def start(self, pending_for: float) -> int:
        """After which message it goes on; what is older than so many seconds is left to lie."""
        oldest = max(0.0, self._account.host.server.clock.utcnow() - pending_for)
        return max(self.cursor, message_id.first_at(int(oldest * 1000)))

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
