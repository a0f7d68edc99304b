"""Sends notifications to app servers, a few at a time to each (XEP-0357 §7)."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from extensions.push import payloads
from extensions.push.content import Content, content_of, request_of
from extensions.push.contents import Contents, read
from extensions.push.letters import Letters, is_passing
from extensions.push.rules import FINAL, RETRY
from extensions.push.sealing import IV_BYTES, sealed
from server import bugs, outages
from server.errors import StanzaError
from server.jid import JID
from server.storage.errors import StorageUnavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from extensions.push.section import Push as Section
    from extensions.push.watch import Device, Watch
    from server.host import Host
    from server.stanza import Stanza

#: So many notifications may be unanswered at one app server; others wait for their turn.
MOST_AT_ONE: Final = 8
#: And so many may wait, at all of them together; beyond it they are tried again later.
MOST_WAITING: Final = 10_000
#: And so many for one of them, which must not use up all places by its silence.
MOST_FOR_ONE: Final = 2500
#: How long to wait for an answer, in seconds.
PATIENCE: Final = 30.0


def _speaker(host: Host, user: JID, service: JID) -> JID:
    """In whose name an app server is notified.

    "acceptable entities (such as the server JID and the user's bare JID)" (§4): in the user's where
    the server's own word has weight, which is here: nobody is to borrow its voice.
    """
    server = host.server
    is_here = service.domain in server.hosts or service.domain in server.services
    return user if is_here else host.jid


class Publisher:
    """The notifications of one host, on their way and waiting."""

    def __init__(
        self, host: Host, section: Section,
        settled: Callable[[Watch], None], give_up: Callable[[Watch, Device], None],
    ) -> None:  # fmt: skip
        """`settled` is told when a device may be looked at again, `give_up` when never more."""
        self._host = host
        self._section = section
        self._settled = settled
        self._give_up = give_up
        self._open: dict[str, int] = {}  # app server → notifications not answered
        self._queues: dict[str, deque[tuple[Watch, Device]]] = {}
        self._waiting = 0
        self._contents = Contents(host.server)
        self._letters = Letters(host)

    def send(self, watch: Watch, device: Device) -> None:
        """Notify a device of everything that waits for it, now or when it is its turn."""
        service = device.row.service
        if self._open.get(service, 0) < MOST_AT_ONE:
            self._publish(watch, device)
            return
        queue = self._queues.get(service, ())
        if self._waiting < MOST_WAITING and len(queue) < MOST_FOR_ONE:
            device.is_busy = True
            self._waiting += 1
            self._queues.setdefault(service, deque()).append((watch, device))
        else:
            device.agenda.not_before = self._now() + RETRY
            watch.trace.note("postponed: too many notifications wait", device.name)

    def _now(self) -> float:
        return self._host.server.clock.now()

    def _publish(self, watch: Watch, device: Device) -> None:
        service, wants = device.row.service, device.row.wants
        device.is_busy = True
        self._open[service] = self._open.get(service, 0) + 1
        if wants.seal is None and wants.match is None:
            self._ask(watch, device, None)
        elif not self._host.server.is_stopping:
            self._host.server.tasks.spawn(self._send_content(watch, device), "push-content")

    async def _send_content(self, watch: Watch, device: Device) -> None:
        try:
            await self._read_and_send(watch, device)
        except Exception as bug:  # noqa: BLE001 - it must not keep a place that others wait for
            bugs.record("push.crashed", bug)
            self._judge(watch, device, bug)
            self._release(watch, device)

    async def _read_and_send(self, watch: Watch, device: Device) -> None:
        """Look up what is to be told. Meanwhile the device may have got it, or somebody calls."""
        agenda = device.agenda
        while agenda.is_armed and not device.is_gone:
            subject, message = agenda.subject, None
            try:
                if subject is not None and device.row.wants.reads_content:
                    message = await self._contents.find(subject.mid)
            except StorageUnavailable as outage:
                outages.note(outage)
            device.settle(self._host.accounts.known(watch.jid))
            if agenda.subject is subject and not device.is_gone:
                self._send(watch, device, message)
                return
        self._release(watch, device)

    def _send(self, watch: Watch, device: Device, message: Stanza | None) -> None:
        match = device.row.wants.match
        if match is None:
            self._ask(watch, device, message)
            return
        # Nobody says that it came; but the one before would have come back by now.
        if device.left_at is not None and self._now() >= device.left_at + PATIENCE:
            device.agenda.succeeded()
        device.left_at, is_call = self._now(), device.agenda.has_call
        self._take(watch, device, payloads.text_of(device.agenda.count))
        device.told = max((device.told, *device.agenda.told))
        self._letters.send(watch, device, match, message, is_call=is_call)
        self._release(watch, device)

    def hang_up(self, watch: Watch, device: Device, stanza: Stanza) -> None:
        """Who called has given up: where the device was sent the call, it is sent that too."""
        match = device.row.wants.match
        message = None if match is None or match.web is None else read(stanza.wire(stanza.to))
        if match is not None and message is not None:
            message.mid = stanza.mid
            self._letters.send(watch, device, match, message, is_call=True)
            watch.trace.note("sent: the call is over", device.name)

    def returned(self, error: Stanza) -> None:
        """A notification came back.

        "errors of type 'wait' SHOULD be retried in an appropriate manner … Other error types MUST
        NOT be automatically retried." (`urn:xmpp:push2:0`)
        """
        found = self._letters.returned(error)
        if found is None or found[1].is_gone:
            return
        watch, device, refusal = found
        device.left_at = None
        if is_passing(error) and refusal.condition not in FINAL:
            self._judge(watch, device, refusal)
            self._settled(watch)
        elif refusal.condition in FINAL or device.agenda.missed():
            watch.trace.note(f"disabled: the app server answered {refusal.condition}", device.name)
            self._give_up(watch, device)
        else:
            watch.trace.note(f"failed: {refusal.condition}", device.name)
            self._settled(watch)

    def _ask(self, watch: Watch, device: Device, message: Stanza | None) -> None:
        row = device.row
        told, text = self._told(watch, device, message)
        payload = payloads.publication(row.node, row.options, told, is_urgent=row.wants.priority)
        self._take(watch, device, text)
        service = JID.parse(row.service)
        answer = self._host.server.queries.ask(
            _speaker(self._host, watch.jid, service),
            service,
            payload,
            type_="set",
            timeout=PATIENCE,
        )
        answer.add_done_callback(partial(self._answered, watch, device))

    def _take(self, watch: Watch, device: Device, text: str) -> None:
        device.agenda.take(self._now(), float(self._section.interval))
        watch.trace.note(f"sent: {text}", device.name)

    def _told(self, watch: Watch, device: Device, message: Stanza | None) -> tuple[bytes, str]:
        """What a notification says, and in a few words, which are for the trace."""
        agenda, wants = device.agenda, device.row.wants
        subject, count = agenda.subject, agenda.count
        assert subject is not None
        peer, account = subject.conversation, self._host.accounts.known(watch.jid)
        asking = 0 if account is None else len(account.roster.requests)
        about = asking if subject.is_request else 0
        text = payloads.text_of(count, is_call=agenda.has_call, asking=about)
        if wants.seal is None:
            sender = peer if self._section.sender and not subject.is_request else ""
            asker = peer if self._section.sender and subject.is_request else ""
            return payloads.summary(count, text, sender, asking=asking, asker=asker), text
        if message is not None:
            content = content_of(message)
        else:
            who = JID.parse(peer)
            content = request_of(who) if subject.is_request else Content(who)
        content = replace(content, text=content.text or text)
        iv = self._host.server.entropy.bytes(IV_BYTES)
        return sealed(wants.seal, iv, count, content, takes_calls=wants.jingle), text

    def _answered(self, watch: Watch, device: Device, answer: asyncio.Future[Stanza]) -> None:
        refusal = None if answer.cancelled() else answer.exception()
        if not device.is_gone:
            self._judge(watch, device, refusal)
        self._release(watch, device)

    def _release(self, watch: Watch, device: Device) -> None:
        """The next one may be sent to this app server."""
        service = device.row.service
        self._open[service] -= 1
        if not self._open[service]:
            del self._open[service]
        device.is_busy = False
        self._settled(watch)
        self._next(service)

    def _judge(self, watch: Watch, device: Device, refusal: BaseException | None) -> None:
        if refusal is None:
            device.agenda.succeeded()
            device.told = max((device.told, *device.agenda.told))
            watch.trace.note("taken by the app server", device.name)
            return
        condition = refusal.condition if isinstance(refusal, StanzaError) else None
        word = condition or type(refusal).__name__
        # "If a publish request is returned with an IQ-error, then the server SHOULD consider the
        # particular JID and node combination to be disabled." (§7.1)
        if condition in FINAL or device.agenda.failed(self._now()):
            watch.trace.note(f"disabled: the app server answered {word}", device.name)
            self._give_up(watch, device)
        else:
            # "a server MAY choose to keep a service enabled if the error is deemed recoverable"
            again = f"{device.agenda.not_before - self._now():.0f}"
            watch.trace.note(f"failed: {word}; next attempt in {again} s", device.name)

    def _next(self, service: str) -> None:
        """The first of those that wait for this app server."""
        queue = self._queues.get(service)
        while queue and self._open.get(service, 0) < MOST_AT_ONE:
            watch, device = queue.popleft()
            self._waiting -= 1
            device.is_busy = False
            device.settle(self._host.accounts.known(watch.jid))
            if device.agenda.is_armed and not device.is_gone:
                self._publish(watch, device)
        if queue is not None and not queue:
            del self._queues[service]
