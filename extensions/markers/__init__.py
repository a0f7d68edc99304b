"""Of the markers in an archive only the newest is shown: it says what older ones said (XEP-0333).

Markers and receipts are kept, copied to all devices and wait for those that are away, as all parts
of a conversation (`server/messages/rules.py`). But there are as many of them as messages, and a
marker means "all messages up to this point". So when a newer one of the same sender has come, the
older one is neither shown nor due any more; its identifier stays known to who asks for what came
after it. This happens a little later, beside the stream of messages.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.markers import store
from extensions.markers.rules import DISPLAYED, is_marker
from server import log
from server.extension import XEP, Extension, Inbound, On, Outbound, Phase, Spec, Wire
from server.moments import AccountDeleted
from server.storage import archive
from server.storage.errors import StorageError
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.markers.store import Key
    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza
    from server.storage.database import Database
    from server.storage.insert import Step

_log = log.get(__name__)

#: Seconds in which markers gather before older ones are hidden.
GATHERING: Final = 3.0
#: Conversations looked at in one go, and how many may wait; the rest keeps a marker too many.
PORTION: Final = 100
MOST: Final = 20_000


class Markers(Extension):
    """Keeps archives free of markers that say nothing any more."""

    name = "markers"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(333, "Displayed Markers", "1.0.0", note="the newest of each sender is kept"),
        XEP(
            184, "Message Delivery Receipts", "1.4.0", note="kept, copied, waiting; made by clients"
        ),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        #: Markers that came, oldest first.
        self._new: dict[Key, list[int]] = {}
        self._busy = False

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension.

        No features: markers and receipts are the clients' to send, and who asked the account would
        take it for one of them.
        """
        yield Outbound(Phase.COPY, self.note_sent, payload=DISPLAYED)
        yield Inbound(Phase.COPY, self.note_received, payload=DISPLAYED)
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the table, forget accounts that are gone."""
        await self._database.migrate("markers", load("extensions.markers.migrations"))
        await store.sweep(self._database)

    def note_sent(self, session: Session, stanza: Stanza) -> None:
        """The owner of an account has read something."""
        account, to = session.account, stanza.to
        if to is not None and to.bare != account.jid and account.archives(to):
            self._note((account.id, self._other_side(account, to), 1), stanza)

    def note_received(self, account: Account, stanza: Stanza) -> None:
        """Somebody has read what the owner of an account wrote."""
        if account.archives(stanza.from_):
            self._note((account.id, self._other_side(account, stanza.from_), 0), stanza)

    def _other_side(self, account: Account, who: JID) -> str:
        """With whom the conversation is: a person, on any device, or an occupant of a room."""
        is_person = who.domain in self.host.server.hosts or account.roster.knows(who.bare)
        return str(who.bare if is_person else who)

    def _note(self, key: Key, stanza: Stanza) -> None:
        if not stanza.mid or not is_marker(stanza) or len(self._new) >= MOST:
            return
        self._new.setdefault(key, []).append(stanza.mid)
        if not self._busy and not self.host.server.is_stopping:
            self._busy = True
            self.host.server.tasks.spawn(self._work(), "markers")

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone."""
        for key in [key for key in self._new if key[0] == moment.account.id]:
            del self._new[key]
        await store.erase(self._database, moment.account.id)

    # -- in the background --

    @property
    def _database(self) -> Database:
        database: Database = self.host.server.database
        return database

    async def _work(self) -> None:
        try:
            while self._new:
                await self.host.server.clock.sleep(GATHERING)
                await self._hide()
        finally:
            self._busy = False

    async def _hide(self) -> None:
        """Hide what was overtaken since the last time; what fails stays visible."""
        new, self._new = self._new, {}
        try:
            await self._database.journal.sync()
            waiting = iter(new.items())
            while portion := list(islice(waiting, PORTION)):
                steps: list[Step] = []
                for key, mids in portion:
                    steps += await self._overtake(key, mids)
                await self._database.batch(steps)
        except StorageError as error:
            _log.warning("markers.postponed", error=str(error))

    async def _overtake(self, key: Key, mids: list[int]) -> list[Step]:
        """Steps that hide all but the newest of one sender in one conversation."""
        known = await store.newest(self._database, key)
        *older, newest = sorted({known, *mids} - {0})
        return [*(archive.hide(key[0], mid) for mid in older), store.save(key, newest)]
