"""Brings together what arrives, what is read and acknowledged, and the alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.push.alarm import Alarm
from extensions.push.publisher import Publisher
from extensions.push.push2 import WITH_BODY
from extensions.push.recall import Past, Recall, lacks
from extensions.push.rules import Arrival
from extensions.push.settings import BOOKMARKS, Setting, setting_in
from extensions.push.watch import Fresh, is_awake, is_unwelcome, positions
from extensions.push.worth import Worth, named, replies_to, worth
from server import outages
from server.errors import StanzaError
from server.jid import JID
from server.storage.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extensions.push.devices import Devices
    from extensions.push.section import Push as Section
    from extensions.push.wants import Match
    from extensions.push.watch import Device, Message, Watch
    from server.account import Account
    from server.host import Host
    from server.stanza import Stanza

#: Notifications that are due together are spread over so many seconds.
SPREAD: Final = 1.0
#: How long a device that seems to be there has to acknowledge a call. It is asked for that within a
#: second (`server/sweep.py`), and a telephone may need another one to answer.
CALL_PATIENCE: Final = 3.0
#: For calls the devices of an account are read at once, but so often in a second at most.
CALLS_A_SECOND: Final = 4
#: How long devices have to come back after the server was started, before they are told.
RETURN: Final = 15.0
#: Between two portions of accounts then.
_PAUSE: Final = 1.0
#: When to look again after the database could not be read.
_LOOK_AGAIN: Final = 5.0

_ANSWERED: Final = "cancelled: the request was answered"
_CALL_ENDED: Final = "cancelled: the call is over"
_UNWELCOME: Final = "cancelled: its sender was blocked, or the account disabled"
_WAITED: Final = "armed: it was not told before the server was started"
_REFUSED: Final = "the app server takes no more notifications"


class Scheduler:
    """Decides for one host when which device is notified; the decisions are in `rules.py`."""

    def __init__(self, host: Host, section: Section, devices: Devices) -> None:
        self._host = host
        self._server = host.server
        self._devices = devices
        self._delay = float(section.delay)
        self._interval = float(section.interval)
        self._recall = Recall(host, self._delay)
        self._alarm = Alarm(host.server, self.look)
        self.publisher = Publisher(host, section, self._rearm, self._give_up)

    # -- what waited before the server was started --

    async def start(self) -> None:
        """See what was there before."""
        await self._recall.start()
        self._server.tasks.spawn(self._begin(), "push-start")

    async def _begin(self) -> None:
        """Tell the devices that were not told in time; they are given a while to come back."""
        after, clock = 0, self._server.clock
        while True:
            try:
                found, after = await self._recall.untold(after)
            except StorageUnavailable as outage:
                outages.note(outage)
                await clock.sleep(_LOOK_AGAIN)
                continue
            for number, jid in found:
                watch = self._devices.watch_of(number, JID.parse(jid))
                self._recall.begin(watch)
                spread = SPREAD * self._server.entropy.fraction()
                self._alarm.set(watch, clock.now() + RETURN + spread)
            if not after:
                return
            await clock.sleep(_PAUSE)

    # -- what arrives --

    def came(self, account: Account, stanza: Stanza) -> None:
        """A message for an account with devices was delivered, or waits."""
        kind = worth(stanza, account.jid)
        if kind is Worth.MESSAGE or kind is Worth.CALL:
            self._note(account, stanza, is_call=kind is Worth.CALL)
        elif kind is Worth.CALL_ENDED:
            self._hang_up(account, stanza)

    def _note(self, account: Account, stanza: Stanza, *, is_call: bool) -> None:
        now, peer = self._server.clock.now(), stanza.from_.bare
        sent = positions(account, stanza.targets)
        arrival: Message = Arrival(stanza.mid, peer, now, is_call, sent)
        known = account.roster.knows(peer)
        watch = self._devices.watch(account)
        is_room = stanza.type == "groupchat"
        watch.add(Fresh(arrival, known, named(stanza), is_room, replies_to(stanza)))
        if not is_call:
            self._alarm.set(watch, now + self._delay + SPREAD * self._server.entropy.fraction())
        elif watch.is_looked_at or watch.rung > now + 1.0:
            self._alarm.set(watch, max(now, watch.rung - 1.0))
        elif not self._server.is_stopping:
            watch.rung = max(watch.rung, now) + 1.0 / CALLS_A_SECOND
            # Somebody holds the line: not even the alarm's tick is waited for.
            self._server.tasks.spawn(self.look(watch), "push-call")

    def asked(self, account: Account, contact: JID) -> None:
        """Somebody wants to be a contact: told like a message, unless it is answered in time."""
        now, server = self._server.clock.now(), self._server
        number = server.ids.next(int(server.clock.utcnow() * 1000))
        arrival: Message = Arrival(number, contact, now, False, {}, is_request=True)
        watch = self._devices.watch(account)
        watch.add(Fresh(arrival, account.roster.knows(contact), frozenset(), is_groupchat=False))
        self._alarm.set(watch, now + self._delay + SPREAD * server.entropy.fraction())

    def _hang_up(self, account: Account, stanza: Stanza) -> None:
        watch, peer = self._devices.known(account.id), stanza.from_.bare
        if watch is None:
            return
        for device in watch.devices.values():
            if stanza.mid and device.rings(peer):
                self.publisher.hang_up(watch, device, stanza)
        self.cancel(watch, lambda m: m.is_call and m.conversation == peer, _CALL_ENDED)

    def cancel(self, watch: Watch, is_over: Callable[[Message], bool], why: str) -> None:
        """What this is true of needs nobody's attention any more."""
        if watch.cancel(is_over, why):
            self._devices.note(watch)

    # -- when it is time --

    async def look(self, watch: Watch) -> None:
        """See what is to be done for an account now, and when next."""
        seen = list(watch.fresh)
        watch.is_looked_at = True
        try:
            await self._devices.refresh(watch)
            past = await self._past(watch)
            both = [*past.fresh, *seen]
            settings = await self._settings(watch, {each.arrival.conversation for each in both})
            account = await self._host.accounts.load(watch.jid)
        except StorageUnavailable as outage:
            outages.note(outage)
            self._alarm.set(watch, self._server.clock.now() + _LOOK_AGAIN)
            return
        finally:
            watch.is_looked_at = False
        # Some may have been read meanwhile, and new ones have come.
        fresh = [each for each in watch.fresh if each in seen]
        watch.fresh = [each for each in watch.fresh if each not in seen]
        for device in watch.devices.values():
            self._revive(watch, device, account, past, settings)
            self._spread(watch, device, account, fresh, settings)
        if account is not None:
            asking = account.roster.requests
            watch.cancel(lambda m: m.is_request and m.conversation not in asking, _ANSWERED)
            watch.cancel(lambda m: is_unwelcome(account, m), _UNWELCOME)
        watch.settle(account)
        self._send_due(watch)
        self._rearm(watch)

    def _spread(
        self, watch: Watch, device: Device, account: Account | None, fresh: Iterable[Fresh],
        settings: dict[str, Setting],
    ) -> None:  # fmt: skip
        awake = is_awake(device.session(account))
        for each in fresh:
            arrival = each.arrival
            silence = _silence(watch.jid, device, each, settings)
            if silence:
                watch.trace.note(f"not armed: {silence}", device.name, arrival.conversation)
                continue
            patience = self._delay
            if arrival.is_call:
                # Who seems to be there is given a moment to acknowledge.
                patience = min(patience, CALL_PATIENCE) if awake else 0.0
            device.agenda.add(arrival, arrival.at + patience)
            watch.trace.note("armed", device.name, arrival.conversation)

    async def _past(self, watch: Watch) -> Past:
        """What waited before anything that is known here; looked up once."""
        if watch.before and not all(each.is_recalled for each in watch.devices.values()):
            account = await self._host.accounts.load(watch.jid)
            if account is not None:
                return await self._recall.past(watch, account)
        return Past()

    def _revive(
        self, watch: Watch, device: Device, account: Account | None, past: Past,
        settings: dict[str, Setting],
    ) -> None:  # fmt: skip
        if account is None or device.is_recalled or past.had is None:
            return
        device.is_recalled = True
        for each in past.fresh:
            mid = each.arrival.mid
            silent = _silence(watch.jid, device, each, settings)
            if silent or not lacks(watch, account, device, mid, past.had.get(device, 0)):
                continue
            if mid <= device.told:
                device.agenda.recall(each.arrival)
            else:
                device.agenda.add(each.arrival, each.arrival.at)
                watch.trace.note(_WAITED, device.name, each.arrival.conversation)
        if device.noted.since:
            device.agenda.forgotten += past.older

    async def _settings(self, watch: Watch, conversations: set[str]) -> dict[str, Setting]:
        """What the user wants to hear of these conversations (XEP-0492)."""
        pubsub = self._host.extensions.get("pubsub")
        if pubsub is None or not conversations:
            return {}
        service = self._host.service("pubsub")
        try:
            items = await service.items(watch.jid, BOOKMARKS, sorted(conversations))
        except StanzaError:
            return {}  # the account has just been deleted
        return {item.id: setting_in(item.payload) for item in items}

    def _send_due(self, watch: Watch) -> None:
        now = self._server.clock.now()
        for device in list(watch.devices.values()):
            hour = watch.hour(device, self._interval)
            if hour is not None and hour <= now and not device.is_busy:
                self.publisher.send(watch, device)

    def _rearm(self, watch: Watch) -> None:
        self._devices.note(watch)
        hour = watch.due(self._interval)
        if hour is not None:
            self._alarm.set(watch, hour)

    def _give_up(self, watch: Watch, device: Device) -> None:
        """An app server wants no more notifications for a device."""
        watch.drop(device)
        if not self._server.is_stopping:
            row = device.row
            work = self._devices.discard(watch, row.service, row.node, _REFUSED)
            self._server.tasks.spawn(work, "push-disable")


def _silence(owner: JID, device: Device, fresh: Fresh, settings: dict[str, Setting]) -> str:
    """Why a device is not to be notified of a message; empty if it is."""
    conversation, wants = fresh.arrival.conversation, device.row.wants
    setting = settings.get(conversation, Setting.ALWAYS)
    if setting is Setting.NEVER or (setting is Setting.ON_MENTION and owner not in fresh.named):
        return "the bookmark says not to notify"
    if conversation in wants.muted:
        return "the device has muted the conversation"
    if fresh.is_groupchat and not wants.hears(conversation, owner, fresh.named):
        return "the device does not want that of this room"
    if wants.known_only and not fresh.is_known:
        return "the device wants no messages from strangers"
    return "" if wants.match is None else _mismatch(wants.match, owner, fresh)


def _mismatch(match: Match, owner: JID, fresh: Fresh) -> str:
    """The same by the rules of `urn:xmpp:push2:0`."""
    arrival = fresh.arrival
    if arrival.is_request or (arrival.is_call and match.profile == WITH_BODY):
        return "the device wants messages only"
    is_mention, is_reply = owner in fresh.named, fresh.replies_to.partition("/")[0] == owner
    if not match.hears(arrival.conversation, is_mention=is_mention, is_reply=is_reply):
        return "the device does not want that of this chat"
    return ""
