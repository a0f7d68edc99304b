"""Which accounts have devices to be notified: who has any in memory, the rest in the database."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from extensions.push import store
from extensions.push.watch import Watch, is_at
from server import log, outages
from server.errors import Condition, StanzaError
from server.storage import clients
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from extensions.push.store import DeviceRow
    from extensions.push.watch import Device
    from server.account import Account
    from server.jid import JID
    from server.server import Server
    from server.session import Session

#: Accounts of which is remembered what they were notified of, and why they were not.
REMEMBERED: Final = 5000

_log = log.get(__name__)

_NOT_STORED: Final = "this server could not store that; try again later"


class Devices:
    """The devices of a host's accounts."""

    def __init__(self, server: Server, most: int) -> None:
        self._server = server
        self._most = most
        self.enabled: set[int] = set()
        self._watches: OrderedDict[int, Watch] = OrderedDict()

    async def start(self) -> None:
        """Make the table, learn who has devices."""
        database = self._server.database
        await database.migrate("push", load("extensions.push.migrations"))
        await store.remove_orphans(database)
        self.enabled = await store.enabled(database)

    # -- in memory --

    def known(self, account: int) -> Watch | None:
        """What is remembered of an account."""
        return self._watches.get(account)

    def watch(self, account: Account) -> Watch:
        """What is remembered of an account, from now on if it was nothing."""
        return self.watch_of(account.id, account.jid)

    def watch_of(self, number: int, jid: JID) -> Watch:
        """The same for an account that is not in memory."""
        watch = self._watches.get(number)
        if watch is None:
            watch = self._watches[number] = Watch(number, jid, self._server.clock)
            self._make_room()
        self._watches.move_to_end(number)
        return watch

    def _make_room(self) -> None:
        """Forget who was not notified for the longest time, unless something waits."""
        while len(self._watches) > REMEMBERED:
            number, oldest = self._watches.popitem(last=False)
            if oldest.is_waiting:
                self._watches[number] = oldest
                return

    async def greet(self, session: Session) -> None:
        """A device is here, and fetches what it was notified of."""
        watch = self.watch(session.account)
        if not watch.devices:
            try:
                await self.refresh(watch)
            except StorageUnavailable as outage:
                outages.note(outage)
                return
        for device in watch.devices.values():
            if device.is_at(session):
                device.greeted()
        self.note(watch)

    # -- at rest --

    def note(self, watch: Watch) -> None:
        """Keep what the devices lack and were told, where that has changed."""
        for device in watch.devices.values():
            state = device.state(self._server.clock)
            if state != device.noted:
                store.note(self._server.database, watch.id, device.row, state)
                device.noted = state

    async def refresh(self, watch: Watch) -> None:
        """Read the devices of an account; those of clients without access are forgotten."""
        database = self._server.database
        while True:
            version = watch.version
            rows = await store.listing(database, watch.id)
            gone = [row for row in rows if not await self._has_access(watch.id, row)]
            if version == watch.version:
                break
        watch.adopt([row for row in rows if row not in gone])
        for row in gone:
            await self.discard(watch, row.service, row.node, "the client has no access any more")

    async def _has_access(self, account: int, row: DeviceRow) -> bool:
        if not row.client:
            return True
        return await clients.find(self._server.database, account, row.client) is not None

    async def listing(self, account: Account) -> list[DeviceRow]:
        """The devices of an account."""
        return await store.listing(self._server.database, account.id)

    async def save(self, watch: Watch, row: DeviceRow) -> None:
        """One more device, or what is new of one (XEP-0357 §5)."""
        async with watch.turn:
            await self._save(watch, row)

    async def _save(self, watch: Watch, row: DeviceRow) -> None:
        database = self._server.database
        # "If the combination of JID and node has already been enabled, then the server SHOULD use
        # the last received request for any publish options."
        rows = await store.listing(database, watch.id)
        same = [each for each in rows if (each.service, each.node) == (row.service, row.node)]
        replaced = [each for each in rows if each not in same and _replaces(row, each)]
        others = [each for each in rows if each not in same and each not in replaced]
        if len(others) >= self._most:
            text = "too many devices of this account are notified already"
            raise StanzaError(Condition.RESOURCE_CONSTRAINT, text)
        await _stored(store.save(database, watch.id, row, replaced))
        self.enabled.add(watch.id)
        watch.version += 1
        watch.adopt([*others, replace(row, state=same[0].state) if same else row])
        device = watch.devices[row.service, row.node]
        device.greeted()
        device.agenda.succeeded()
        self.note(watch)
        watch.trace.note("enabled", device.name)

    async def remove(self, watch: Watch, service: str, node: str | None, why: str) -> None:
        """Notify a device no more; without a node, none through that service (XEP-0357 §6)."""
        database = self._server.database
        rows = await store.listing(database, watch.id)
        gone = [row for row in rows if row.service == service and node in (None, row.node)]
        if not gone:
            return
        await _stored(store.remove(database, watch.id, gone))
        watch.version += 1
        for row in gone:
            device: Device | None = watch.devices.get((row.service, row.node))
            if device is not None:
                watch.drop(device)
            watch.trace.note(f"disabled: {why}", f"{row.service} {row.node}".rstrip())
        if len(gone) == len(rows):
            self.enabled.discard(watch.id)

    async def remove_client(self, watch: Watch, session: Session) -> None:
        """Notify the device of a session no more by messages (`urn:xmpp:push2:0`)."""
        for row in await store.listing(self._server.database, watch.id):
            if row.wants.match is not None and is_at(row, session):
                await self.remove(watch, row.service, row.node, "the client wished it")

    async def remove_others(self, watch: Watch, session: Session | None) -> None:
        """Notify no device any more but that of a session."""
        for row in await store.listing(self._server.database, watch.id):
            if session is None or not is_at(row, session):
                await self.discard(watch, row.service, row.node, "the password was changed")

    async def discard(self, watch: Watch, service: str, node: str, why: str) -> None:
        """Notify a device no more; nobody waits for the outcome, and it may be tried again."""
        try:
            await self.remove(watch, service, node, why)
        except (StanzaError, StorageError) as error:
            _log.warning("push.not_removed", account=watch.jid, error=str(error))

    async def forget(self, account: Account) -> None:
        """The account is gone."""
        watch = self._watches.pop(account.id, None)
        if watch is not None:
            watch.version += 1
            watch.fresh.clear()
            watch.adopt(())
        self.enabled.discard(account.id)
        await store.remove_all(self._server.database, account.id)


def _replaces(new: DeviceRow, old: DeviceRow) -> bool:
    """Whether a registration takes the place of another: by `urn:xmpp:push2:0` a client has one."""
    if new.wants.match is None or old.wants.match is None:
        return False
    return new.client == old.client if new.client else new.resource == old.resource


async def _stored(work: Awaitable[None]) -> None:
    try:
        await work
    except StorageError as error:
        raise StanzaError(Condition.RESOURCE_CONSTRAINT, _NOT_STORED) from error
