"""Which stored messages of one account have not reached any device yet; pure bookkeeping.

Every message that is kept for an account has an identifier (`mid`) that grows with time. A message
is *pending* until one of the account's devices has acknowledged it (XEP-0198 §4) or fetched it. The
database knows a *cursor*: all deliverable messages up to it have arrived, except those *parked*,
which have a row of their own. In the normal case (devices acknowledge in order) a delivered message
costs nothing but, now and then, one new cursor.

In memory stand only the messages that live sessions hold (`open`: mid → how many sessions hold it).
Messages that were stored while nobody was there are not in memory; `backlog` says that there may be
some. They are read in order, and the cursor follows up to `read`, how far that has come, until all
have been read (`caught_up`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Stand-ins, shared by all ledgers; never added to.
_NONE: Final[set[int]] = set()
_NOTHING: Final[list[int]] = []


class Ledger:
    """The delivery state of one account.

    After each call the owner should look at `dirty` (the cursor changed and must be saved) and take
    `to_park` and `to_unpark`, the rows to write and to delete.
    """

    __slots__ = (
        "_done",
        "backlog",
        "cursor",
        "dirty",
        "open",
        "parked",
        "read",
        "to_park",
        "to_unpark",
        "top",
    )

    def __init__(self, cursor: int, parked: Iterable[int] = (), backlog: bool = True) -> None:
        self.cursor = cursor
        self.read = cursor  # how far the backlog has been read
        self.top = cursor  # the newest message of the account, whichever way it went
        self.open: dict[int, int] = {}  # ascending: entries only ever come at the end
        # Each account has a ledger and nearly all of these are empty nearly always: so they are
        # made when they are first needed.
        self.parked = set(parked) or _NONE
        self.backlog = backlog
        self.dirty = False
        self.to_park = _NOTHING
        self.to_unpark = _NOTHING
        self._done = _NONE  # acknowledged before the backlog was read that far

    @property
    def has_pending(self) -> bool:
        """Whether the database may hold messages that no live session has."""
        return self.backlog or bool(self.parked)

    def sent(self, mid: int) -> None:
        """A message that the owner sent: nothing is due to the owner's devices."""
        self.top = mid

    def stored(self, mid: int, holders: int, attended: bool) -> None:
        """A deliverable message was stored and handed to `holders` sessions.

        `attended` says whether the account has sessions at all; if not, the message just joins the
        backlog in the database. With sessions of which none takes it, it is parked.
        """
        self.top = mid
        if holders:
            self.open[mid] = holders
        elif not attended:
            self.backlog = True
        else:
            self._park(mid)
            self._advance()

    def taken(self, mid: int) -> None:
        """One more session holds the message (it was read from the database or delivered again)."""
        if mid in self.open:
            self.open[mid] += 1
        else:
            self.open[mid] = 1

    def is_due(self, mid: int) -> bool:
        """Whether a message read from the database still needs a device."""
        return not self.open.get(mid) and mid not in self._done

    def acknowledged(self, mids: Iterable[int]) -> None:
        """A device has these messages (ascending)."""
        last = 0
        for mid in mids:
            self.open.pop(mid, None)
            if mid in self.parked:
                self._unpark(mid)
            if self.backlog and mid > self.read:
                self._done = self._done or set()
                self._done.add(mid)
            else:
                last = mid
        if last:
            self._park_before(last)
            self._advance()

    @property
    def is_ahead(self) -> bool:
        """Whether devices have messages beyond the cursor, which older ones may hold back."""
        return bool(self._done)

    @property
    def newest_ahead(self) -> int:
        """The newest of these messages."""
        return max(self._done)

    def pass_by(self, due: Iterable[int], end: int, *, parks: bool) -> None:
        """Let the cursor pass messages up to `end` that devices have before their turn.

        `due` (ascending) are all deliverable messages between the cursor and `end`. Those which no
        device has are parked, or stand in the way. Not while the backlog is being read.
        """
        for mid in due:
            is_open = mid in self.open
            if not is_open and (mid in self._done or mid in self.parked or mid <= self.read):
                continue
            if not parks:
                end = mid - 1
                break
            self._park(mid)
        if end > self.read:
            self.read = end
            self.top = max(self.top, end)
            self._done = {mid for mid in self._done if mid > end} or _NONE
        self._advance()

    def _park_before(self, last: int) -> None:
        """Give older messages that are still under way a row each, so that the cursor can pass."""
        for mid in self.open:
            if mid < last:
                self._park(mid)
            elif not self.backlog:
                break

    def is_waiting(self, mid: int) -> bool:
        """Whether a message that is due by the database's word is due, and no session holds it."""
        if mid in self.parked:
            return not self.open.get(mid)
        return self.backlog and mid > self.read and self.is_due(mid)

    def expired(self, mids: Sequence[int]) -> None:
        """These (ascending) need no device any more, and nothing else up to the last one waits.

        Not while the backlog is being read.
        """
        for mid in mids:
            if mid in self.parked:
                self._unpark(mid)
        if self.backlog and mids and mids[-1] > self.read:
            self.read = mids[-1]
            self._done = {mid for mid in self._done if mid > self.read} or _NONE
        self._advance()

    def dropped(self, mid: int) -> bool:
        """A session that held the message is gone; True if no other session holds it."""
        holders = self.open.get(mid)
        if holders is None:
            return False
        if holders > 1:
            self.open[mid] = holders - 1
            return False
        self.open[mid] = 0
        return True

    def orphaned(self, mids: Iterable[int], attended: bool) -> None:
        """Messages that no session holds any more go back to pending."""
        for mid in mids:
            if self.open.pop(mid, None) is None:
                continue
            if not attended:
                self.backlog = True
            else:
                self._park(mid)
        if attended:
            self._advance()

    def returned(self, mids: Iterable[int]) -> None:
        """Messages that no session holds any more are read again from the database."""
        for mid in mids:
            self.open.pop(mid, None)
        self.backlog = True
        self.read = self.cursor

    def read_until(self, mid: int) -> None:
        """All that was in the database up to this message has been handed to a session."""
        self.read = max(self.read, mid)
        # After a restart the database knows newer messages than we have seen.
        self.top = max(self.top, mid)

    def caught_up(self) -> None:
        """All that was in the database has been read and handed to a session."""
        if self.backlog:
            self.backlog = False
            # Reading brought old messages in after newer ones were delivered live.
            self.open = dict(sorted(self.open.items()))
            self._done = _NONE
            self._advance()

    def deserted(self) -> None:
        """The last session is gone: what is open is in the database."""
        if self.open:
            self.backlog = True
        self.open.clear()
        self.read = self.cursor

    def saved(self) -> None:
        """The changes were handed to the journal."""
        self.dirty = False
        self.to_park = self.to_unpark = _NOTHING

    def _park(self, mid: int) -> None:
        if mid not in self.parked:
            if not self.parked:
                self.parked = set()
            self.parked.add(mid)
            self.to_park = self.to_park or []
            self.to_park.append(mid)

    def _unpark(self, mid: int) -> None:
        self.parked.discard(mid)
        self.to_unpark = self.to_unpark or []
        self.to_unpark.append(mid)

    def _advance(self) -> None:
        """Move the cursor up to the oldest message that is neither delivered nor parked."""
        waiting = (mid for mid in self.open if mid not in self.parked)
        if self.backlog:
            oldest = min((mid for mid in waiting if mid <= self.read), default=0)
        else:
            oldest = next(waiting, 0)
        cursor = oldest - 1 if oldest else self.read if self.backlog else self.top
        if cursor > self.cursor:
            self.cursor = cursor
            self.dirty = True
