"""Looks up what devices lacked before anything that is known here: what survives a restart.

What waits for a device is in memory; in the database is since when it lacks something, and up to
where it was told (`store.State`). The messages are in the archive. So what happened before the
server ended, or before an account was forgotten, can be found out when it is wanted: as soon as
there is something else to tell, and at the start for all whose devices were not told in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.push import store
from extensions.push.contents import read
from extensions.push.displayed import NODE, displayed_up_to
from extensions.push.rules import MOST, Arrival
from extensions.push.watch import Fresh
from extensions.push.worth import Worth, named, replies_to, shows_reading, worth
from server.errors import StanzaError
from server.message_id import MAX_ID, first_at, to_ms
from server.messages.rules import PENDING
from server.storage import clients, messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from extensions.push.store import Entry
    from extensions.push.watch import Device, Message, Watch
    from server.account import Account
    from server.host import Host

#: Of an account, so many messages are looked at; older ones are only counted.
LOOKED_AT: Final = 4 * MOST
#: Messages that came within the delay and so many seconds before the last one may have been waiting
#: for their hour.
SLACK: Final = 10.0
#: They are read in portions, and no more after so many bytes.
_PORTION: Final = 50
_BYTES: Final = 4 << 20
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Past:
    """What an account got before, oldest first; how many are older; what devices had of it."""

    fresh: Sequence[Fresh] = ()
    older: int = 0
    had: Mapping[Device, int] | None = None  # None: nobody has looked


class Recall:
    """The past of one host's accounts."""

    def __init__(self, host: Host, delay: float) -> None:
        """`delay` is how long a message waits before anybody looks at it."""
        self._host = host
        self._unseen_ms = int((delay + SLACK) * 1000)
        self._database = host.server.database
        self._recent = self._end = 0

    async def start(self) -> None:
        """See how far the messages of the last run go."""
        last = await messages.last_message_id(self._database)
        self._end = last + 1
        self._recent = first_at(to_ms(last) - self._unseen_ms) if last else self._end

    async def untold(self, after: int) -> tuple[list[tuple[int, str]], int]:
        """Some accounts whose devices are to be told, and after which to go on; 0: that was all."""
        found = await store.untold(self._database, after, self._recent, _PAGE)
        here = [each for each in found if each[1].endswith(f"@{self._host.domain}")]
        return here, found[-1][0] if len(found) == _PAGE else 0

    def begin(self, watch: Watch) -> None:
        """The account is one of these."""
        watch.before, watch.recent = watch.before or self._end, self._recent

    async def past(self, watch: Watch, account: Account) -> Past:
        """What waited for the account's devices."""
        first = self._first(watch, account)
        found = await self._entries(watch, first)
        end = min(found[-1].mid, watch.before) if found else watch.before
        older = await store.count(self._database, watch.id, first, end)
        fresh, read_up_to = self._weigh(watch, account, found)
        await self._add_displayed(watch, read_up_to, {each.arrival.conversation for each in fresh})
        unread = [
            each
            for each in reversed(fresh)
            if each.arrival.mid > read_up_to.get(each.arrival.conversation, 0)
        ]
        had = {device: await self._had(watch, device) for device in [*watch.devices.values()]}
        return Past(unread, older, had)

    async def _entries(self, watch: Watch, first: int) -> list[Entry]:
        """The newest messages, the newest first: not too many, and not too much.

        Those that came meanwhile are among them: the user may have answered.
        """
        found: list[Entry] = []
        end, left = MAX_ID, _BYTES
        while left > 0 and len(found) < LOOKED_AT:
            page = await store.entries(self._database, watch.id, first, end, _PORTION)
            found += page
            if len(page) < _PORTION:
                break
            end, left = page[-1].mid, left - sum(len(each.stanza) for each in page)
        return found

    def _weigh(
        self, watch: Watch, account: Account, found: Iterable[Entry]
    ) -> tuple[list[Fresh], dict[str, int]]:
        """What is worth a notification; and what was read by the time of an answer of the user."""
        fresh, read_up_to = [], dict[str, int]()
        now = self._host.server.clock.now()
        for entry in found:
            stanza = read(entry.stanza)
            if stanza is None:
                continue
            if entry.is_sent:
                if stanza.to is not None and shows_reading(stanza):
                    read_up_to.setdefault(stanza.to.bare, entry.mid)
                continue
            if entry.mid >= watch.before:
                continue
            stanza.mid, stanza.disposition = entry.mid, PENDING
            peer = stanza.from_.bare
            # A call is none any more.
            if worth(stanza, watch.jid) in (Worth.MESSAGE, Worth.CALL):
                arrival: Message = Arrival(entry.mid, peer, now, False, {})
                known = account.roster.knows(peer)
                is_room = stanza.type == "groupchat"
                fresh.append(Fresh(arrival, known, named(stanza), is_room, replies_to(stanza)))
        return fresh, read_up_to

    @staticmethod
    def _first(watch: Watch, account: Account) -> int:
        """The oldest message that any device may lack."""
        since = [each.noted.since for each in watch.devices.values() if each.noted.since]
        ledger = account.ledger
        return min((*since, *ledger.parked, ledger.cursor + 1, watch.recent or watch.before))

    async def _add_displayed(
        self, watch: Watch, read_up_to: dict[str, int], peers: set[str]
    ) -> None:
        """How far the user has read by the word of his devices (XEP-0490)."""
        if "pubsub" not in self._host.extensions or not peers:
            return
        try:
            items = await self._host.service("pubsub").items(watch.jid, NODE, sorted(peers))
        except StanzaError:
            return  # the account has just been deleted
        for item in items:
            last = displayed_up_to(item.payload, watch.jid)
            read_up_to[item.id] = max(read_up_to.get(item.id, 0), last or 0)

    async def _had(self, watch: Watch, device: Device) -> int:
        """The newest message that a device is known to have; 0 if that is not known."""
        if not device.row.client:
            return 0
        known = await clients.find(self._database, watch.id, device.row.client)
        return 0 if known is None else known.cursor


def lacks(watch: Watch, account: Account, device: Device, mid: int, had: int) -> bool:
    """Whether a device lacks a message of the past, as far as can be known."""
    if mid <= had:
        return False
    since = device.noted.since
    if (since and mid >= since) or (watch.recent and mid >= watch.recent):
        return True
    return account.ledger.is_waiting(mid)
