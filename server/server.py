"""The process: its hosts, its database, and the ways between them."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Final

from server import bugs, eager, log
from server.c2s.features import Features
from server.c2s.table import TABLE as C2S_TABLE
from server.c2s.throttle import Throttle
from server.care import Care
from server.delivery import Delivery
from server.drain import Drain
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.figures import Figures
from server.host import Host
from server.issuer import Issuer
from server.jid import JID, JIDMalformed
from server.message_id import MessageIDs
from server.messages.fetched import Fetched
from server.meters import Meters
from server.queries import Queries
from server.sasl.negotiate import Policy
from server.sasl.oauthbearer import NAME as OAUTHBEARER
from server.sasl.scram import PLUS
from server.sessions import Sessions
from server.stanza import Stanza, error_reply, qualify
from server.storage import messages
from server.storage.settings import keep_secret
from server.stream.limits import Limits
from server.stream.management import MOST_BYTES
from server.stream.reader import parse
from server.sweep import Sweep
from server.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from server.c2s.stream import ClientStream
    from server.clock import Clock
    from server.config import Config
    from server.entropy import Entropy
    from server.extension import Extension
    from server.net.certificates import CertificateStore
    from server.service import Service
    from server.session import Session
    from server.storage.database import Database

_log = log.get(__name__)

#: How often to look whether a client has read what it was sent, at first, or has come back.
_UNTIL_READ: Final = 0.02
_ANSWERS: Final = (b"<iq type='result'", b"<iq type='error'")
_UNTIL_RESUMED: Final = 0.5


class Server:
    """One running server. Made by the composition root (or a test), started once, stopped once."""

    def __init__(
        self, config: Config, database: Database, clock: Clock, entropy: Entropy,
        certificates: CertificateStore,
    ) -> None:  # fmt: skip
        """`database` must have been started."""
        self.config = config
        self.database = database
        self.journal = database.journal
        self.clock = clock
        self.entropy = entropy
        self.certificates = certificates
        self.tasks = Tasks("server")
        self.meters = Meters()
        self.figures = Figures(self)
        self.is_stopping = False
        #: Ends the process when all is done, True: and begins anew; set by who has started it.
        self.ask_to_end: Callable[[bool], None] | None = None
        self.hosts: dict[str, Host] = {
            domain: Host(self, domain) for domain in config.server.domains
        }
        self.services: dict[str, Service] = {}  # by domain; filled by the hosts' extensions
        self.default_domain = config.server.domains[0]
        self.newcomers: dict[ClientStream, float] = {}
        self.streams: set[ClientStream] = set()
        self.c2s_table = C2S_TABLE
        self.secret = b""
        self.limits_before = _limits(config, int(config.limits.max_stanza_size_unauthenticated))
        self.limits_after = _limits(config, int(config.limits.max_stanza_size))
        self.sasl_policy = _policy(config)
        self.issuer = Issuer(config, clock, self.tasks) if config.jwt.issuer else None
        self.throttle = Throttle(clock, config.auth.failures, float(config.auth.failures_window))
        self.features = Features(self)
        self.sweep = Sweep(self)
        self.care = Care(self)
        self.sessions = Sessions(self)
        self.queries = Queries(self)
        self.ids = MessageIDs()
        self.delivery = Delivery(self)
        self.drain = Drain(self)
        self.fetched = Fetched(self)

    # -- life --

    async def start(self, extensions: Iterable[type[Extension]]) -> None:
        """Load what must be known, start hosts and background work."""
        extensions = tuple(extensions)
        self.secret = await keep_secret(self.database, "sasl", self.entropy.bytes(32))
        self.ids = MessageIDs(last=await messages.last_message_id(self.database))
        self.delivery = Delivery(self)
        self.journal.on_failed = self._not_stored
        self.journal.on_finished = self.figures.committed
        if self.issuer is not None:
            await self.issuer.start()
        for host in self.hosts.values():
            await host.start(extensions)
        self.tasks.spawn(self.sweep.run(), "sweep")
        self.tasks.spawn(self.care.run(), "care")

    async def stop(self) -> None:
        """Tell sessions goodbye, give what they acknowledge a moment, let everything go."""
        self.is_stopping = True
        await self._last_acknowledgements()
        goodbye = StreamError(StreamCondition.SYSTEM_SHUTDOWN, "the server is going down")
        for stream in [*self.streams, *self.newcomers]:
            stream.close(goodbye)
        for host in self.hosts.values():
            for account in host.accounts.active():
                self.sessions.end_account(account, goodbye)
        self.sessions.save_departures()
        for host in self.hosts.values():
            await host.stop()
        await self.tasks.close()

    async def _last_acknowledgements(self) -> None:
        """Give what is known of deliveries its last moment: no stanza is taken any more.

        Clients are told what is stored, so that they do not send it again, and asked what they
        have, so that they do not get it again after the restart.
        """
        now = self.clock.now()
        deadline = now + float(self.config.server.drain_timeout)
        sessions = [stream.session for stream in self.streams if stream.session is not None]
        waiting = [session for session in sessions if session.outbox is not None]
        for session in waiting:
            if session.outbox is not None and session.outbox.queue and session.stream is not None:
                session.stream.write(session.outbox.request(now))
        last = self.journal.last
        while self.clock.now() < deadline:
            unconfirmed = any(s.outbox and s.outbox.queue and s.stream for s in waiting)
            if not unconfirmed and self.journal.durable >= last:
                break
            await self.clock.sleep(0.02)

    # -- hosts --

    def host_for(self, name: str | None) -> Host:
        """The host a stream is addressed to. Raises StreamError (RFC 6120 §4.9.3.6)."""
        if name is None:
            # A client that does not say whom it wants can only mean the one there is.
            if len(self.hosts) == 1:
                return next(iter(self.hosts.values()))
            raise StreamError(StreamCondition.HOST_UNKNOWN, "say which domain you want in 'to'")
        try:
            host = self.hosts.get(JID.parse(name).domain)
        except JIDMalformed as wrong:
            raise StreamError(StreamCondition.IMPROPER_ADDRESSING, str(wrong)) from None
        if host is None:
            raise StreamError(StreamCondition.HOST_UNKNOWN, "this domain is not served here")
        return host

    # -- routing --

    def route(self, stanza: Stanza, session: Session | None = None) -> Awaitable[None] | None:
        """Bring a stanza to its domain (RFC 6120 §10.4). `session`: the local sender's."""
        assert stanza.to is not None
        host = self.hosts.get(stanza.to.domain)
        if host is not None:
            return host.receive(stanza, session)
        service = self.services.get(stanza.to.domain)
        if service is not None:
            return service.receive(stanza, session)
        self._route_abroad(stanza)
        return None

    def _route_abroad(self, stanza: Stanza) -> None:
        """No way leads to other servers yet (RFC 6120 §10.4: remote-server-not-found)."""
        if stanza.type == "error" or (stanza.kind == "iq" and stanza.type == "result"):
            return
        if stanza.kind == "presence" and stanza.type in ("unavailable", "probe", None):
            assert stanza.to is not None
            # Contacts cannot be seen, and nobody waits for them; but who enters a room waits to be
            # let in, and does so with available presence to a full address (XEP-0045 §7.2).
            if stanza.type is not None or stanza.to.is_bare:
                return
        self.send(
            stanza.from_,
            error_reply(
                stanza,
                StanzaError(
                    Condition.REMOTE_SERVER_NOT_FOUND, "this server does not reach that domain"
                ),
            ),
        )

    def send(self, to: JID, wire: bytes) -> None:
        """Send a serialised stanza that is addressed already.

        To a full JID: its session, if there. To a bare one: all available sessions, but for answers
        to what the server has asked in the name of the account.
        """
        host = self.hosts.get(to.domain)
        if host is None:
            return
        if not to.local or (not to.resource and wire.startswith(_ANSWERS)):
            self._told(to, wire)
            return
        account = host.accounts.online(to.bare)
        if account is None:
            return
        if to.resource:
            session = account.sessions.get(to.resource)
            if session is not None:
                session.send(wire)
            return
        for session in account.reach.available:
            session.send(wire)

    def _told(self, to: JID, wire: bytes) -> None:
        """Something for a host or an account itself: what a service answers it, or sends back."""
        is_returned = wire.startswith(b"<message type='error'")
        if not is_returned and not wire.startswith(_ANSWERS):
            return
        element = parse(qualify(wire))
        sender = element.get("from")
        if sender is None:
            return
        if is_returned:
            self.hosts[to.domain].receive(Stanza("message", element, to, JID.parse(sender)))
        else:
            self.answered(Stanza("iq", element, to, JID.parse(sender)))

    def answered(self, stanza: Stanza) -> None:
        """An answer came to a request of the server's own."""
        self.queries.answered(stanza)

    # -- storage --

    async def room_to_write(self, session: Session) -> None:
        """Wait while a client does not keep up with what it is sent, or is not connected."""
        pause = _UNTIL_READ
        while session.account.sessions.get(session.jid.resource) is session:
            stream, outbox = session.stream, session.outbox
            if stream is None:
                await self.clock.sleep(_UNTIL_RESUMED)
                continue
            owes = outbox is not None and (
                len(outbox.queue) > self.sweep.max_unacked // 2 or outbox.size > MOST_BYTES // 2
            )
            if not stream.is_congested and not owes:
                return
            if outbox is not None and not outbox.requested:
                stream.write(outbox.request(self.clock.now()))
            await self.clock.sleep(pause)
            pause = min(2 * pause, _UNTIL_RESUMED)  # there may be very many of them

    def _not_stored(self, origins: list[object], error: Exception) -> None:
        """Messages that could not be stored: their senders are told (nothing was acknowledged)."""
        _log.error("storage.failed", lost=len(origins), error=str(error))
        refusal = StanzaError(
            Condition.RESOURCE_CONSTRAINT, "this server could not store your message; try again"
        )
        for origin in origins:
            if isinstance(origin, Stanza):
                host = self.hosts.get(origin.from_.domain)
                if host is not None:
                    host.refuse(origin, refusal)

    # -- bugs and moments --

    def crashed(self, stanza: Stanza | None, bug: Exception) -> str:
        """Report an exception that nobody expected; its number may be told to the peer."""
        kind = stanza.kind if stanza is not None else None
        return bugs.record("stanza.crashed", bug, kind=kind)

    def tell(self, handler: Callable[[Any], Any], moment: object) -> None:
        """Call a handler of a moment; its failure stays its own."""
        try:
            outcome = handler(moment)
            if inspect.isawaitable(outcome):
                rest = eager.begin(outcome)
                if rest is not None:
                    self.tasks.spawn(rest.run(), "moment")
        except asyncio.CancelledError:
            raise
        except Exception as bug:  # noqa: BLE001 - the border of dispatch
            bugs.record("moment.crashed", bug, moment=type(moment).__name__)


def _limits(config: Config, size: int) -> Limits:
    return Limits(size=size, depth=config.limits.max_depth, attributes=config.limits.max_attributes)


def _policy(config: Config) -> Policy:
    offered = config.auth.offered
    plus = tuple(name.removesuffix(PLUS) for name in offered if name.endswith(PLUS))
    names: list[str] = [name for name in offered if not name.endswith(PLUS)]
    if config.jwt.issuer:
        names.append(OAUTHBEARER)
    return Policy(
        mechanisms=tuple(names),
        plus=plus,
        without_tls=() if config.tls.require else tuple(names),
        channel_binding=bool(plus),
    )
