"""Authors take messages back, and the archives forget what they said (XEP-0424).

A retraction is stored as any message is, together with a note that it has to be carried out. That
happens right after, beside the stream of messages: the newest messages with the other side are
looked through for the one that is meant, and it becomes a tombstone in its place. A message is
stored once for all who have it, so both ends of a conversation forget it at the same time.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.retraction import rules, store
from extensions.retraction.rules import RETRACT, Part
from server import bugs, log, message_id
from server.extension import (
    XEP,
    At,
    Extension,
    Feature,
    Inbound,
    Outbound,
    Phase,
    Spec,
    Wire,
)
from server.messages import notices, tombstone
from server.messages.rules import BOTH
from server.storage.errors import StorageError
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.retraction.rules import Retraction
    from extensions.retraction.store import Job
    from server.account import Account
    from server.errors import StanzaError
    from server.host import Host
    from server.session import Session
    from server.stanza import Stanza
    from server.storage.database import Database
    from server.storage.insert import Step

_log = log.get(__name__)

#: Retractions that have not found what they mean, by its identifier.
Open = dict[str, list["Retraction"]]

#: How many messages with the other side are looked through, and how many at once.
WINDOW: Final = 2000
PORTION: Final = 200
#: And how many bytes of them: a message may be large.
BYTES: Final = 16 << 20
#: Retractions carried out at once.
BATCH: Final = 100
#: Seconds until the next attempt when the database is away.
AGAIN_AFTER: Final = 10.0

_EVERYWHERE: Final = At.HOST | At.OWN | At.ACCOUNT


class Retractions(Extension):
    """Retracted messages become tombstones in every archive here (XEP-0424 §4)."""

    name = "retraction"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(424, "Message Retraction", "0.4.2", note="within the last 2,000 messages of a chat"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._busy = False
        self._more = False

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        # "a server that is aware of message retractions … MUST also advertise" it (§2)
        yield Feature(tombstone.NS, _EVERYWHERE)
        yield Feature(f"{tombstone.NS}#tombstone", _EVERYWHERE)
        yield Outbound(Phase.GUARD, self.keep, payload=RETRACT)
        yield Inbound(Phase.GUARD, self.keep, payload=RETRACT)
        yield Outbound(Phase.COPY, self.take_sent, payload=RETRACT)
        yield Inbound(Phase.COPY, self.take_received, payload=RETRACT)

    async def start(self) -> None:
        """Make the table; carry out what was left undone."""
        await self._database.migrate("retraction", load("extensions.retraction.migrations"))
        if await store.waiting(self._database, 1):
            self._begin()

    def keep(self, subject: object, stanza: Stanza) -> StanzaError | None:
        """Have a retraction stored, whatever hints it carries.

        "The archiving service … MUST store the retraction message" (§5).
        """
        if not rules.is_retraction(stanza):
            return None
        stanza.disposition = BOTH
        return self.host.server.delivery.refuses(stanza)

    def take_sent(self, session: Session, stanza: Stanza) -> None:
        """Note what the owner of an account takes back."""
        account = session.account
        # What one writes to oneself arrives as well.
        if stanza.to is not None and stanza.to.bare != account.jid:
            sequence = self._take(account, stanza, is_sent=True)
            session.sequence = max(session.sequence, sequence)

    def take_received(self, account: Account, stanza: Stanza) -> None:
        """Note what somebody takes back who wrote to the owner of an account."""
        # In the same commit as the retraction itself, on which its acknowledgement waits.
        self._take(account, stanza, is_sent=False)

    def _take(self, account: Account, stanza: Stanza, *, is_sent: bool) -> int:
        if not stanza.mid or not rules.is_retraction(stanza):
            return 0
        row = (account.id, stanza.mid, int(is_sent))
        sequence = self.host.server.journal.append(store.TAKEN, row)
        self._begin()
        return sequence

    # -- in the background --

    @property
    def _database(self) -> Database:
        database: Database = self.host.server.database
        return database

    def _begin(self) -> None:
        self._more = True
        if not self._busy and not self.host.server.is_stopping:
            self._busy = True
            self.host.server.tasks.spawn(self._work(), "retractions")

    async def _work(self) -> None:
        try:
            while self._more:
                self._more = False
                try:
                    await self._carry_out()
                except StorageError as error:
                    _log.warning("retraction.postponed", error=str(error))
                    self._more = True
                    await self.host.server.clock.sleep(AGAIN_AFTER)
        finally:
            self._busy = False

    async def _carry_out(self) -> None:
        """Carry out all that is noted."""
        await self._database.journal.sync()
        while jobs := await store.waiting(self._database, BATCH):
            for account, own in groupby(jobs, key=lambda job: job.account):
                await self._try(account, list(own))

    async def _try(self, account: int, jobs: list[Job]) -> None:
        try:
            await self._carry_out_for(account, jobs)
        except StorageError:
            raise
        except Exception as bug:  # noqa: BLE001 - others must not wait for ever
            bugs.record("retraction.crashed", bug)
            await self._database.batch([store.done(job) for job in jobs])

    async def _carry_out_for(self, account: int, jobs: list[Job]) -> None:
        """The same in one archive: a look through each conversation."""
        chats: dict[str, list[Retraction]] = {}
        for job in jobs:
            retraction = job.stanza and rules.read(job.mid, job.stanza, job.is_sent)
            if retraction:
                chats.setdefault(retraction.peer, []).append(retraction)
        steps: list[Step] = []
        for peer, retractions in chats.items():
            steps += await self._bury(account, peer, retractions)
        await self._database.batch([*steps, *map(store.done, jobs)])

    async def _bury(self, account: int, peer: str, retractions: list[Retraction]) -> list[Step]:
        """Steps that make tombstones of what the author of these has taken back."""
        steps: list[Step] = []
        before = max(each.mid for each in retractions)
        open_: Open = {}
        for each in retractions:
            open_.setdefault(each.target, []).append(each)
        left = BYTES
        for _ in range(WINDOW // PORTION):
            rows = await store.earlier(self._database, account, peer, before, PORTION)
            for mid, wire in rows:
                # However many retractions somebody sends: they cost one look at each message.
                if named := open_.keys() & rules.names_in(wire):
                    steps += _examine(mid, wire, open_, named)
            left -= sum(len(wire) for _, wire in rows)
            if len(rows) < PORTION or not open_ or left < 0:
                break
            before = rows[-1][0]
        return steps


def _examine(mid: int, wire: bytes, open_: Open, named: Iterable[str]) -> list[Step]:
    """What becomes of one message; who has found what was meant is open no more."""
    message = notices.read(wire)
    if message is None:
        return []
    for name in named:
        for retraction in open_[name]:
            part = Part.NONE if mid >= retraction.mid else rules.part(retraction, message)
            if part is Part.NONE:
                continue
            if part is Part.ORIGINAL:
                _close(open_, retraction)
            if tombstone.is_tombstone(wire):
                return []
            at = message_id.to_ms(retraction.mid)
            return [store.replace(mid, tombstone.build(message, retraction.name, at))]
    return []


def _close(open_: Open, retraction: Retraction) -> None:
    same = open_[retraction.target]
    same.remove(retraction)
    if not same:
        del open_[retraction.target]
