"""A database whose disk can be slow, or full, when a test wants it to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.storage.batch import Outcome
from server.storage.errors import StorageError
from server.storage.sqlite import SQLiteDatabase

if TYPE_CHECKING:
    from server.storage.batch import Batch


class HeldDatabase(SQLiteDatabase):
    """SQLite, with a hand on the disk."""

    is_held = False
    is_full = False
    _held: Batch | None = None

    def hold(self) -> None:
        """Let nothing reach the disk until `release`."""
        self.is_held = True

    def release(self) -> None:
        """Go on with what waited."""
        self.is_held = False
        batch, self._held = self._held, None
        if batch is not None:
            self._commit(batch)

    def _commit(self, batch: Batch) -> None:
        if self.is_held:
            self._held = batch  # the journal waits for one commit at a time
        elif self.is_full:
            outcome = Outcome(error=StorageError("database or disk is full"))
            self._loop.call_soon(self._finished, batch, outcome)
        else:
            super()._commit(batch)
