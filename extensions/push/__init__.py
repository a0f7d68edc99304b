"""Notifies devices that sleep of what waits for them, through their makers (XEP-0357).

When a device is notified is decided in `rules.py`, what is worth it in `worth.py`. Accounts
without such devices cost one look-up for each message; all others are looked at by one timer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.push import displayed, payloads, push2, report, tigase
from extensions.push.devices import Devices
from extensions.push.payloads import NS
from extensions.push.scheduler import Scheduler
from extensions.push.section import Push as Section
from extensions.push.store import DeviceRow, encode
from extensions.push.watch import Activity
from extensions.push.worth import shows_reading
from server.errors import Condition, StanzaError
from server.extension import (
    IQ,
    XEP,
    At,
    Extension,
    Feature,
    Inbound,
    On,
    Outbound,
    Phase,
    Request,
    Spec,
    Wire,
)
from server.moments import (
    AccountDeleted,
    ClientRevoked,
    MessageReturned,
    PasswordChanged,
    SessionBound,
    SessionEnded,
    SubscriptionAsked,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from extensions.pubsub import News
    from extensions.push.history import Event
    from extensions.push.wants import Wants
    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.server import Server
    from server.session import Session
    from server.stanza import Stanza

_READ: Final = "cancelled: read on another device"
#: Bytes of an address and a node together; so much PostgreSQL takes in an index.
_LONGEST: Final = 2048
#: They are read whenever there is something to tell.
_WANTS_LIMIT: Final = 32_768
_PUBSUB: Final = "{http://jabber.org/protocol/pubsub}pubsub"


class Push(Extension):
    """Devices are notified through app servers (XEP-0357 §4 to §8)."""

    name = "push"
    specs: ClassVar[tuple[Spec, ...]] = (
        Spec("RFC 8291", "Message Encryption for Web Push", note="for clients of push2"),
        Spec(
            "RFC 8292", "Voluntary Application Server Identification", note="for clients of push2"
        ),
        XEP(
            357,
            "Push Notifications",
            "0.4.1",
            note="content only for devices with a key of their own",
        ),
        XEP(492, "Chat notification settings", "0.2.0", note="obeyed for push notifications"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        section = host.server.config.room(Section)
        self._devices = Devices(host.server, section.devices_per_account)
        self._scheduler = Scheduler(host, section, self._devices)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        for var in (NS, *tigase.FEATURES, *push2.FEATURES):
            yield Feature(var, At.OWN)
        yield IQ("set", payloads.ENABLE, self.enable, At.OWN)
        yield IQ("set", payloads.DISABLE, self.disable, At.OWN)
        yield IQ("set", push2.ENABLE, self.enable_by_messages, At.OWN)
        yield IQ("set", push2.DISABLE, self.disable_by_messages, At.OWN)
        for tag in (payloads.ENABLE, payloads.DISABLE, push2.ENABLE, push2.DISABLE):
            yield IQ("set", tag, self.refuse, At.ACCOUNT | At.NOBODY)
        yield Inbound(Phase.COPY, self.came)
        yield Inbound(Phase.COPY, self.revoked, payload=_PUBSUB)
        yield Outbound(Phase.COPY, self.went)
        yield On(SessionBound, self.bound)
        yield On(SessionEnded, self.ended)
        yield On(SubscriptionAsked, self.asked)
        yield On(MessageReturned, self.returned)
        yield On(ClientRevoked, self.disowned)
        yield On(PasswordChanged, self.relocked)
        yield On(AccountDeleted, self.deleted)

    async def start(self) -> None:
        """Make the table, learn who has devices."""
        await self._devices.start()
        await self._scheduler.start()
        if "pubsub" in self.host.extensions:
            self.host.service("pubsub").watch(displayed.NODE, self.read)
        if "commands" in self.host.extensions:
            command = report.command(self.history, self._devices.listing)
            self.host.service("commands").offer(command)

    # -- requests --

    async def enable(self, request: Request) -> None:
        """Notify a device from now on (§5)."""
        wish = payloads.parse_enable(request.payload)
        await self._enable(request, wish.service, wish.node, wish.options, wish.wants)

    async def enable_by_messages(self, request: Request) -> None:
        """The same by `urn:xmpp:push2:0`: a client has one registration."""
        wish = push2.parse_enable(request.payload)
        await self._enable(request, wish.service, wish.client, b"", wish.wants)

    async def _enable(
        self, request: Request, service: JID, node: str, options: bytes, wants: Wants
    ) -> None:
        account, session = _owner(request)
        may_be_notified(self.host.server, service, node)
        if len(encode(wants)) > _WANTS_LIMIT:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "These are too many wishes for one device")
        row = DeviceRow(service, node, session.client, session.jid.resource, options, wants)
        await self._devices.save(self._devices.watch(account), row)

    async def disable(self, request: Request) -> None:
        """Notify a device no more, or none through a service (§6)."""
        account, _ = _owner(request)
        service, node = payloads.parse_target(request.payload)
        watch = self._devices.watch(account)
        await self._devices.remove(watch, service, node, "the client wished it")

    async def disable_by_messages(self, request: Request) -> None:
        """The same by `urn:xmpp:push2:0`."""
        account, session = _owner(request)
        await self._devices.remove_client(self._devices.watch(account), session)

    def refuse(self, request: Request) -> None:
        """Somebody else's devices."""
        raise StanzaError(Condition.FORBIDDEN, "Devices are for the owner of the account alone")

    # -- messages --

    def came(self, account: Account, stanza: Stanza) -> None:
        """A message has been delivered to an account, or waits for it."""
        if account.id in self._devices.enabled:
            self._scheduler.came(account, stanza)

    def went(self, session: Session, stanza: Stanza) -> None:
        """A device of the user writes: what it answers has been read."""
        watch = self._devices.known(session.account.id)
        if watch is not None and stanza.to is not None and shows_reading(stanza):
            watch.active = Activity(
                session.client, session.jid.resource, self.host.server.clock.now()
            )
            peer = stanza.to.bare
            self._scheduler.cancel(watch, lambda each: each.conversation == peer, _READ)

    def read(self, news: News) -> None:
        """A device of the user has marked a chat as read (XEP-0490 §4.2)."""
        account, item = self.host.accounts.known(news.owner), news.item
        watch = None if account is None else self._devices.known(account.id)
        if watch is None or item is None:
            return
        last, peer = displayed.displayed_up_to(item.payload, news.owner), item.id
        if last is not None:
            self._scheduler.cancel(
                watch, lambda each: each.conversation == peer and each.mid <= last, _READ
            )

    def revoked(self, account: Account, stanza: Stanza) -> None:
        """An app server says that it takes nothing from the user any more (§8).

        "Upon receiving an affiliation change event, the server MAY remove the received JID and node
        combination from the set of enabled services."
        """
        if account.id not in self._devices.enabled:
            return
        node = payloads.revoked_node(stanza.element)
        if node is not None:
            watch, why = self._devices.watch(account), "the app server announced it"
            work = self._devices.discard(watch, stanza.from_, node, why)
            self.host.server.tasks.spawn(work, "push-revoke")

    # -- moments --

    def bound(self, moment: SessionBound) -> Awaitable[None] | None:
        """A device is here: what it was notified of it fetches now."""
        session = moment.session
        if session.account.id in self._devices.enabled:
            return self._devices.greet(session)
        return None

    def ended(self, moment: SessionEnded) -> None:
        """A session is gone for good, and with it what was known of its queue."""
        watch = self._devices.known(moment.session.account.id)
        if watch is not None:
            watch.parted(moment.session)
            watch.settle(moment.session.account)
            self._devices.note(watch)

    def asked(self, moment: SubscriptionAsked) -> None:
        """Somebody wants to be a contact."""
        if moment.account.id in self._devices.enabled:
            self._scheduler.asked(moment.account, moment.contact)

    def returned(self, moment: MessageReturned) -> None:
        """A notification that was a message came back."""
        self._scheduler.publisher.returned(moment.error)

    async def disowned(self, moment: ClientRevoked) -> None:
        """A client has no access any more, so it is told nothing any more."""
        if moment.account.id in self._devices.enabled:
            await self._devices.refresh(self._devices.watch(moment.account))

    async def relocked(self, moment: PasswordChanged) -> None:
        """Who came in by the old password is told nothing any more, as he is let in no more."""
        account = await self.host.accounts.load(moment.jid)
        if account is not None and account.id in self._devices.enabled:
            await self._devices.remove_others(self._devices.watch(account), moment.by)

    async def deleted(self, moment: AccountDeleted) -> None:
        """An account is gone."""
        await self._devices.forget(moment.account)

    # -- for other extensions --

    def history(self, account: Account) -> list[Event]:
        """Why devices of the account were notified lately, and why not; the oldest event first."""
        watch = self._devices.known(account.id)
        return [] if watch is None else list(watch.trace)


def _owner(request: Request) -> tuple[Account, Session]:
    """The account that asks for its own devices, and the device: nobody else is wired."""
    if request.account is None or request.session is None:
        raise StanzaError(Condition.FORBIDDEN, "Devices are for the owner of the account alone")
    return request.account, request.session


def may_be_notified(server: Server, service: JID, node: str) -> None:
    """Refuse addresses that can be no app servers.

    A program that is logged in here can be one, and so can a node of a service; they are notified
    in the user's name (`publisher.py`).
    """
    here = server.services.get(service.domain)
    is_device = bool(service.local and service.resource)
    is_none = (
        not is_device
        if service.domain in server.hosts
        else (here is not None and not here.is_app_server)
    )
    if is_none:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "There is no app server at this address")
    if len(service.encode()) + len(node.encode()) > _LONGEST:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "The address and the node are too long")
