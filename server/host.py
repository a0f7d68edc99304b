"""One virtual host: its accounts, its extensions, and the way of stanzas from and to its users.

`submit` takes a stanza from a local session (as the sender's server), `receive` takes one for an
address of this host, from wherever (as the recipient's server). Both run to their end at once in
the common case; when an account has to be loaded first, or a handler awaits, they return an
awaitable that the caller must finish before the sender's next stanza (order, RFC 6120 §10.1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from server import outages, stanza_id
from server.account import Account, Accounts
from server.dispatch import Tables, guard_inbound, guard_outbound, run
from server.errors import Condition, StanzaError
from server.extension import At, Extension, Inbound, Outbound, Request, Verdict
from server.moments import MessageReturned
from server.requests import answer, malformed
from server.router import Verdict as Route
from server.router import route_iq
from server.stanza import Stanza, error_reply
from server.storage.errors import StorageUnavailable

if TYPE_CHECKING:
    from server.element import Element
    from server.jid import JID
    from server.presence.service import PresenceService
    from server.server import Server
    from server.session import Session

Pending = Awaitable[None] | None

_UNAVAILABLE = "this address cannot be reached"
# As an account says it that takes no such message (`server/delivery.py`): nobody learns from the
# text which of them there are.
_NOBODY_THERE = "nobody is there to take this message"


class Host:
    """A domain that this server serves."""

    presence: PresenceService

    def __init__(self, server: Server, jid: JID) -> None:
        self.server = server
        self.jid = jid
        self.domain = jid.domain
        self.accounts = Accounts(self)
        self.extensions: dict[str, Extension] = {}
        self.tables = Tables(())
        self._waits: dict[int, Awaitable[StanzaError | None]] = {}  # by identity of the stanza
        self._held: list[Callable[[], Awaitable[None]]] = []  # for the message on its way

    # -- life --

    async def start(self, extensions: Iterable[type[Extension]]) -> None:
        """Make the extensions, build the tables, start."""
        made: dict[str, Extension] = {}
        for kind in extensions:
            made[kind.name] = kind(self)
        for extension in made.values():
            missing = [name for name in extension.requires if name not in made]
            if missing:
                raise LookupError(f"{extension.name} requires {', '.join(missing)}")
        self.extensions = made
        self._build(made.values())
        for service in self.tables.services:
            if self.server.services.setdefault(service.jid, service) is not service:
                raise LookupError(f"two services at {service.jid}")
        for extension in made.values():
            await extension.start()

    def _build(self, extensions: Iterable[Extension]) -> None:
        self.tables = tables = Tables(extensions)
        self._out_before = tables.before[Outbound, "message"]
        self._out_after = tables.after[Outbound, "message"]
        self._in_before = tables.before[Inbound, "message"]
        self._in_after = tables.after[Inbound, "message"]

    async def stop(self) -> None:
        """Stop the extensions, in reverse."""
        for extension in reversed(list(self.extensions.values())):
            await extension.stop()

    def service(self, name: str) -> Any:
        """The extension of that name; its public methods are its service."""
        return self.extensions[name]

    def features(self, at: At) -> list[str]:
        """What disco#info of the host or an account advertises, sorted."""
        return sorted(self.tables.features[at])

    def forms(self, at: At) -> list[Element]:
        """Forms for disco#info, made anew: an element has one parent."""
        return [build() for build in self.tables.forms[at]]

    def moment(self, moment: object) -> None:
        """Tell everybody who wants to know; their failures are theirs."""
        for handler in self.tables.moments.get(type(moment), ()):
            self.server.tell(handler, moment)

    # -- from a local session --

    def submit(self, session: Session, stanza: Stanza) -> Pending:
        """Take a stanza that a client of this host sent; its `from` is the session's address."""
        if stanza.kind == "message":
            pending = self._submit_message(session, stanza)
            if not self._held:
                return pending
            held, self._held = self._held, []
            return self._complete(pending, held)
        if stanza.kind == "presence":
            return self._submit_presence(session, stanza)
        return self._submit_iq(session, stanza)

    def _submit_message(self, session: Session, stanza: Stanza) -> Pending:
        # "If the stanza … has no 'to' attribute, … the server MUST treat the message as if the
        # 'to' address were the bare JID of the sending entity" (RFC 6120 §10.3.1).
        to = stanza.to
        if to is None:
            to = stanza.to = session.account.jid
        if stanza_id.TAG in stanza.payloads:
            # For both ends at once, as the message is stored once.
            stanza_id.drop_forged(stanza, session.account.jid, to.bare)
        server = self.server
        refusal = server.delivery.refuses(stanza)
        if refusal is not None:
            return self.refuse(stanza, refusal)
        if session.account.guards:
            verdict = guard_outbound(session, stanza, server.crashed)
            if verdict is not None:
                return self._end(stanza, verdict)
        if self._out_before:
            verdict = run(self._out_before, session, stanza, server.crashed)
            if verdict is not None:
                if verdict is Verdict.WAIT:
                    return self._submit_later(session, stanza)
                return self._end(stanza, verdict)
        server.delivery.record_sent(session, stanza, to)
        pending = server.route(stanza, session)
        if self._out_after:
            stanza.stamp = self._stamp_of(session, stanza)
            run(self._out_after, session, stanza, server.crashed)
        return pending

    def wait(self, stanza: Stanza, outcome: Awaitable[StanzaError | None]) -> Verdict:
        """The verdict of a tap in GUARD on a message of a client here, if it has to look first.

        What the client sends next waits too. If the outcome is not an error, the message begins its
        way anew, and all taps see it again.
        """
        self._waits[id(stanza)] = outcome
        return Verdict.WAIT

    async def _submit_later(self, session: Session, stanza: Stanza) -> None:
        try:
            refusal = await self._waits.pop(id(stanza))
        except StorageUnavailable as outage:
            refusal = outages.refusal(outage)
        if refusal is not None:
            self.refuse(stanza, refusal)
            return
        pending = self.submit(session, stanza)
        if pending is not None:
            await pending

    def hold(self, work: Callable[[], Awaitable[None]]) -> None:
        """A tap has work to do for the message of a client here that is on its way.

        The message goes on at once; but it is acknowledged, and the client's next stanza is looked
        at, only when the work is done.
        """
        self._held.append(work)

    @staticmethod
    async def _complete(pending: Pending, held: list[Callable[[], Awaitable[None]]]) -> None:
        if pending is not None:
            await pending
        for work in held:
            await work()

    def _stamp_of(self, session: Session, stanza: Stanza) -> bytes:
        if not stanza.mid:
            return b""
        return b"<stanza-id xmlns='urn:xmpp:sid:0' id='%016x' by='%s'/>" % (
            stanza.mid, session.account.jid.wire,
        )  # fmt: skip

    def _submit_presence(self, session: Session, stanza: Stanza) -> Pending:
        verdict = self._leaves(session, stanza)
        if verdict is not None:
            return self._end(stanza, verdict)
        pending: Pending = self.presence.submit(session, stanza)
        return pending

    def _submit_iq(self, session: Session, stanza: Stanza) -> Pending:
        wrong = malformed(stanza)
        if wrong is not None:
            return self.refuse(stanza, wrong)
        to = stanza.to
        # "If the stanza … has no 'to' attribute, … the server … handles it on behalf of the
        # account" (RFC 6120 §10.3.3); the own bare JID means the same.
        if to is None or to == session.account.jid:
            return self._answer(stanza, At.OWN, session, session.account)
        verdict = self._leaves(session, stanza)
        if verdict is not None:
            return self._end(stanza, verdict)
        return self.server.route(stanza, session)

    def _leaves(self, session: Session, stanza: Stanza) -> Verdict | StanzaError | None:
        """Ask whoever may keep presence or a request from leaving."""
        if session.account.guards:
            verdict = guard_outbound(session, stanza, self.server.crashed)
            if verdict is not None:
                return verdict
        stages = self.tables.before[Outbound, stanza.kind]
        return run(stages, session, stanza, self.server.crashed) if stages else None

    # -- for an address of this host --

    def receive(self, stanza: Stanza, session: Session | None = None) -> Pending:
        """Take a stanza for this domain or one of its accounts.

        `session` is the local session that sent it, if one did.
        """
        to = stanza.to
        assert to is not None
        if not to.local:
            return self._receive_for_host(stanza, session)
        account = self.accounts.known(to.bare)
        if account is None:
            return self._load_and_receive(stanza, session)
        return self._receive_for(account, stanza, session)

    async def _load_and_receive(self, stanza: Stanza, session: Session | None) -> None:
        assert stanza.to is not None
        try:
            account = await self.accounts.load(stanza.to.bare)
        except StorageUnavailable as outage:
            self.refuse(stanza, outages.refusal(outage))
            return
        pending = self._receive_for(account, stanza, session)
        if pending is not None:
            await pending

    def _receive_for(
        self, account: Account | None, stanza: Stanza, session: Session | None
    ) -> Pending:
        if stanza.kind == "message":
            if account is None:
                return self._no_such_account(stanza)
            return self._receive_message(account, stanza, session)
        if stanza.kind == "presence":
            return self._receive_presence(account, stanza)
        return self._receive_iq(account, stanza, session)

    def _receive_message(
        self, account: Account, stanza: Stanza, session: Session | None
    ) -> Pending:
        if stanza_id.TAG in stanza.payloads:
            stanza_id.drop_forged(stanza, account.jid)
        if account.guards:
            verdict = guard_inbound(account, stanza, self.server.crashed)
            if verdict is not None:
                return self._end(stanza, verdict)
        if self._in_before:
            verdict = run(self._in_before, account, stanza, self.server.crashed)
            if verdict is not None:
                return self._end(stanza, verdict)
        refusal = self.server.delivery.deliver(account, stanza, session)
        if refusal is not None:
            return self.refuse(stanza, refusal)
        if self._in_after:
            run(self._in_after, account, stanza, self.server.crashed)
        return None

    def _receive_presence(self, account: Account | None, stanza: Stanza) -> Pending:
        if account is not None:
            verdict = self._enters(account, stanza)
            if verdict is not None:
                return self._end(stanza, verdict)
        pending: Pending = self.presence.receive(account, stanza)
        return pending

    def _receive_iq(
        self, account: Account | None, stanza: Stanza, session: Session | None
    ) -> Pending:
        to = stanza.to
        assert to is not None
        wrong = malformed(stanza)
        if wrong is not None:
            return self.refuse(stanza, wrong)
        if account is not None:
            verdict = self._enters(account, stanza)
            if verdict is not None:
                return self._end(stanza, verdict)
        elif not to.resource and stanza.type in ("get", "set"):
            return self._answer(stanza, At.NOBODY, session, None)
        decision = route_iq(stanza.type, to, None if account is None else account.reach)
        if decision is Route.HANDLE:
            assert account is not None
            at = At.OWN if stanza.from_.bare == account.jid else At.ACCOUNT
            return self._answer(stanza, at, session, account)
        if isinstance(decision, Route):
            if decision is Route.IGNORE:
                return None
            return self.refuse(stanza, StanzaError(Condition.SERVICE_UNAVAILABLE, _UNAVAILABLE))
        wire = stanza.wire(to)
        for target in decision:
            target.send(wire)
        return None

    def _enters(self, account: Account, stanza: Stanza) -> Verdict | StanzaError | None:
        """Ask whoever may keep presence or a request from an account."""
        if account.guards:
            verdict = guard_inbound(account, stanza, self.server.crashed)
            if verdict is not None:
                return verdict
        stages = self.tables.before[Inbound, stanza.kind]
        return run(stages, account, stanza, self.server.crashed) if stages else None

    def _receive_for_host(self, stanza: Stanza, session: Session | None) -> Pending:
        if stanza.kind == "iq":
            wrong = malformed(stanza)
            if wrong is not None:
                return self.refuse(stanza, wrong)
            return self._answer(stanza, At.HOST, session, None)
        if stanza.kind == "message" and stanza.type == "error":
            self.moment(MessageReturned(stanza))
        elif stanza.kind == "message" and stanza.type != "headline":
            return self._no_such_account(stanza)
        return None

    def _no_such_account(self, stanza: Stanza) -> Pending:
        # "the server … SHOULD … return a <service-unavailable/> stanza error" (RFC 6121 §8.5.1),
        # the same as for an account that takes no messages: existence is not told.
        if stanza.type == "headline":
            return None
        return self.refuse(stanza, StanzaError(Condition.SERVICE_UNAVAILABLE, _NOBODY_THERE))

    def _answer(
        self, stanza: Stanza, at: At, session: Session | None, account: Account | None
    ) -> Pending:
        if stanza.type in ("result", "error"):
            self.server.answered(stanza)
            return None
        payload = stanza.element[0]
        handler = self.tables.requests.get((at, stanza.type or "", payload.tag))
        return answer(Request(self, stanza, payload, session, account), handler)

    # -- answers --

    def _end(self, stanza: Stanza, verdict: Verdict | StanzaError) -> Pending:
        return self.refuse(stanza, verdict) if isinstance(verdict, StanzaError) else None

    def refuse(self, stanza: Stanza, refusal: StanzaError) -> Pending:
        """Answer with an error, unless it would be an answer to an answer (RFC 6120 §8.3.1)."""
        if stanza.type == "error" or (stanza.kind == "iq" and stanza.type == "result"):
            return None
        self.send(stanza.from_, error_reply(stanza, refusal))
        return None

    def send(self, to: JID, wire: bytes) -> None:
        """Send a serialised stanza, addressed already, to a full JID or a bare one."""
        self.server.send(to, wire)
