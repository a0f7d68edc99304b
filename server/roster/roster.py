"""An account's roster in memory: what is asked at every presence, kept without a look at the store.

It holds the contacts, the strangers who wait, and the requests themselves; changes are decided by
`rules` and `changes`, noted here, and written by whoever asked. How the versions of single items
went is left to the store: it is wanted at most once a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.jid import JID
from server.presence.rules import probed, subscribers
from server.roster.item import RosterItem, State
from server.roster.payloads import build_roster
from server.roster.versioning import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, ValuesView

    from server.storage.roster import Item, StoredRoster

#: A serialised roster up to so many bytes stays in memory for the next login.
_KEPT_QUERY: Final = 4096

#: What is stored of a subscription → the state: (subscription, ask, a request waits).
_STATES = {(s.subscription, s.pending_out, s.pending_in): s for s in State}


class Roster:
    """The contacts of one account (RFC 6121 §2)."""

    __slots__ = (
        "_audience",
        "_hides",
        "_items",
        "_query",
        "_sources",
        "floor",
        "requests",
        "version",
    )

    def __init__(self, version: int = 0, floor: int = 0) -> None:
        self._items: dict[JID, RosterItem] = {}
        #: The request of everybody who waits for an answer, as it came (§3.1.3).
        self.requests: dict[JID, bytes] = {}
        self.version = version
        #: Removals up to this version have been forgotten by the store.
        self.floor = floor
        #: Veils by name; mostly there are none.
        self._hides: dict[str, Callable[[JID], bool]] = {}
        self._forget()

    def _forget(self) -> None:
        """What was put together from the items holds no longer."""
        self._audience: tuple[JID, ...] | None = None
        self._sources: frozenset[JID] | None = None
        self._query: bytes | None = None

    @classmethod
    def restore(cls, stored: StoredRoster) -> Roster:
        """Take up what the store has."""
        roster = cls(stored.version, stored.floor)
        for request in stored.requests:
            roster.requests[JID.parse(request.contact)] = request.stanza
        for row in stored.items:
            item = read_item(row, JID.parse(row.contact) in roster.requests)
            roster._items[item.jid] = item
            if not item.state.pending_in:
                roster.requests.pop(item.jid, None)
        for jid in roster.requests:
            if jid not in roster._items:
                roster._items[jid] = RosterItem(jid, state=State.NONE_PENDING_IN, listed=False)
        return roster

    def __len__(self) -> int:
        """How many contacts there are, not counting strangers who wait."""
        return len(self._items) - self.waiting

    @property
    def waiting(self) -> int:
        """How many strangers wait for an answer."""
        return sum(1 for item in self._items.values() if not item.listed)

    @property
    def items(self) -> ValuesView[RosterItem]:
        """All that is known, strangers who wait included."""
        return self._items.values()

    def contacts(self) -> Iterable[RosterItem]:
        """What a client may see."""
        return (item for item in self._items.values() if item.listed)

    def get(self, jid: JID) -> RosterItem | None:
        """What is known of that bare address."""
        return self._items.get(jid)

    def state(self, jid: JID) -> State:
        """What binds the user and that bare address."""
        item = self._items.get(jid)
        return State.NONE if item is None else item.state

    def knows(self, jid: JID) -> bool:
        """Whether that bare address is a contact."""
        item = self._items.get(jid)
        return item is not None and item.listed

    def has_subscriber(self, jid: JID) -> bool:
        """Whether that bare address may see the user's presence."""
        item = self._items.get(jid)
        return item is not None and item.state.from_ and not self.hides(jid)

    def hides(self, jid: JID) -> bool:
        """Whether a veil hangs between the user and that address, whatever binds them."""
        return bool(self._hides) and any(hides(jid) for hides in self._hides.values())

    def veil(self, hides: Callable[[JID], bool] | None, name: str = "") -> None:
        """From now on those for whom this is true neither see the user's presence nor are seen.

        Each name has a veil of its own, and None takes it away. What they had seen so far, and a
        farewell, is for the caller to think of (XEP-0191 §3.3).
        """
        self._hides.pop(name, None)
        if hides is not None:
            self._hides[name] = hides
        self._forget()

    @property
    def audience(self) -> tuple[JID, ...]:
        """Those who are told of the user's presence (RFC 6121 §4.2.2)."""
        if self._audience is None:
            self._audience = tuple(
                jid for jid in subscribers(self._items.values()) if not self.hides(jid)
            )
        return self._audience

    @property
    def sources(self) -> frozenset[JID]:
        """Those whose presence the user is told of (RFC 6121 §4.3.1)."""
        if self._sources is None:
            self._sources = frozenset(
                jid for jid in probed(self._items.values()) if not self.hides(jid)
            )
        return self._sources

    @property
    def query(self) -> bytes:
        """The whole roster as a client gets it, serialised; kept if it is not large."""
        query = self._query
        if query is None:
            query = build_roster(self._items.values(), render(self.version))
            if len(query) <= _KEPT_QUERY:
                self._query = query
        return query

    def note(
        self, jid: JID, item: RosterItem | None, request: bytes | None = None, version: int = 0
    ) -> None:
        """From now on this is known of that address.

        `request` is the one that has just come, `version` that of a change which clients can see.
        """
        self._forget()
        if version:
            self.version = version
        if item is None:
            self._items.pop(jid, None)
        else:
            self._items[jid] = item
        if item is None or not item.state.pending_in:
            self.requests.pop(jid, None)
        elif request is not None:
            self.requests.setdefault(jid, request)


def read_item(row: Item, waits: bool) -> RosterItem:
    """The contact behind a stored row.

    What cannot be, a request from somebody who is let in already, say, is passed over.
    """
    state = (
        _STATES.get((row.subscription, row.ask, waits))
        or _STATES.get((row.subscription, row.ask, False))
        or _STATES[row.subscription, False, False]
    )
    return RosterItem(JID.parse(row.contact), row.name, row.groups, state, row.approved)
