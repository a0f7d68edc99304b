"""Plays a transcript in some place where there is a server."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING, Protocol

from lxml import etree

from tests.harness.transcript.matching import difference, fill
from tests.harness.transcript.reading import Transcript, Verb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from server.element import Element
    from tests.harness.transcript.reading import Difference, Guest, Step

_SM = "urn:xmpp:sm:3"
_STANZAS = frozenset(f"{{jabber:client}}{kind}" for kind in ("message", "presence", "iq"))
_ROSTER = "<iq type='get' id='hello'><query xmlns='jabber:iq:roster'/></iq>"
_COMMON = (
    ' xmlns="jabber:client"',
    ' xmlns:stream="http://etherx.jabber.org/streams"',
)
_NUMBERS = itertools.count(1)


class Line(Protocol):
    """A connection on which somebody has logged in."""

    @property
    def inbox(self) -> deque[Element]:
        """What came and was not taken yet."""

    async def bind(self, resource: str) -> None:
        """Bind a resource (RFC 6120 §7)."""

    async def send(self, xml: str) -> None:
        """Send, and return when the server has taken it in."""

    async def wait(self) -> None:
        """Wait until there is something in the inbox, or it is clear that nothing will come."""

    async def close(self) -> None:
        """Say goodbye and wait until the server has done so too."""

    async def leave(self) -> None:
        """Say goodbye, whatever the server makes of it."""

    async def lose(self) -> None:
        """Break the connection without a word."""


class Place(Protocol):
    """Where there is a server."""

    server: str
    domain: str

    async def register(self, name: str) -> None:
        """Make an account."""

    async def connect(self, name: str) -> Line:
        """Connect and authenticate."""

    async def settle(self, lines: Sequence[Line]) -> None:
        """Return when everything that is on its way on these connections has come."""


class Deviation(AssertionError):
    """The server did not do what the transcript says."""


class Device:
    """Somebody's client: its connection, and what came and was not looked at yet."""

    def __init__(self, name: str, resource: str, line: Line) -> None:
        self.name = name
        self.resource = resource
        self.line = line
        self.inbox: deque[Element] = deque()
        self.handled = 0
        self.previd = ""
        self.is_connected = True

    def pull(self) -> deque[Element]:
        """Take in what has come; requests for acknowledgement are not part of a conversation."""
        while self.line.inbox:
            element = self.line.inbox.popleft()
            if element.tag == f"{{{_SM}}}enabled":
                self.handled = 0
                self.previd = str(element.get("id", ""))
            elif element.tag in _STANZAS:
                self.handled += 1
            if element.tag != f"{{{_SM}}}r":
                self.inbox.append(element)
        return self.inbox

    async def next(self) -> Element | None:
        """What came next, if anything does."""
        if not self.pull():
            await self.line.wait()
        return self.inbox.popleft() if self.pull() else None


class Play:
    """One run of one transcript."""

    def __init__(self, transcript: Transcript, place: Place) -> None:
        self.transcript = transcript
        self.place = place
        self.devices: dict[tuple[str, str], Device] = {}
        self.accounts: dict[str, str] = {}
        self.values = {"domain": place.domain}
        self.observed: list[Difference] = []

    async def run(self) -> list[Difference]:
        """Play it to its end; gives the declared differences, which were all seen."""
        try:
            await self._begin()
            for step in self.transcript.steps:
                await self._take(step)
                if self.observed and self.observed[-1].ends and self.observed[-1].line > step.line:
                    break
            else:
                await self._end()
        finally:
            for device in self.devices.values():
                if device.is_connected:
                    await device.line.leave()
        return self.observed

    # -- the beginning and the end --

    async def _begin(self) -> None:
        number = next(_NUMBERS)
        for name, exists in self.transcript.people.items():
            self.accounts[name] = f"{name}-{number}"
            self.values[name] = f"{name}-{number}@{self.place.domain}"
            self.values[name.upper()] = self.values[name].upper()
            if exists:
                await self.place.register(self.accounts[name])
        for follower, contact, both in self.transcript.contacts:
            await self._subscribe(follower, contact)
            if both:
                await self._subscribe(contact, follower)
        for guest in self.transcript.guests:
            await self._enter(guest)
        await self._settle()
        for device in self.devices.values():
            device.pull().clear()

    async def _subscribe(self, follower: str, contact: str) -> None:
        for name, other, kind in (
            (follower, contact, "subscribe"),
            (contact, follower, "subscribed"),
        ):
            line = await self.place.connect(self.accounts[name])
            await line.bind("setup")
            await line.send(f"<presence type='{kind}' to='{self.values[other]}'/>")
            await line.leave()

    async def _enter(self, guest: Guest) -> None:
        device = await self._connect(guest.name, guest.resource)
        await device.line.bind(guest.resource)
        if guest.presence:
            await device.line.send(_ROSTER)
            await device.line.send(guest.presence)
            await self._greet(device)

    async def _greet(self, device: Device) -> None:
        """Wait until messages come: a server may look first for what was kept for the client."""
        address = f"{self.values[device.name]}/{device.resource}"
        await device.line.send(f"<message type='headline' id='hello' to='{address}'/>")
        while (element := await device.next()) is not None:
            if element.tag.endswith("}message") and element.get("id") == "hello":
                return
        raise Deviation(f"{address} is available and gets no messages")

    async def _settle(self) -> None:
        await self.place.settle([d.line for d in self.devices.values() if d.is_connected])

    async def _end(self) -> None:
        await self._settle()
        for device in filter(lambda device: device.is_connected, self.devices.values()):
            rest = [show(element) for element in device.pull()]
            if rest:
                whole = "\n  ".join(rest)
                raise Deviation(f"at the end: {device.name}/{device.resource} also got\n  {whole}")

    # -- steps --

    async def _take(self, step: Step) -> None:
        actions: dict[Verb, Callable[[Step], Awaitable[None]]] = {
            Verb.LOGS_IN: self._log_in,
            Verb.AUTHENTICATES: self._authenticate,
            Verb.SENDS: self._send,
            Verb.GETS: self._get,
            Verb.GETS_IN_ANY_ORDER: self._get,
            Verb.GETS_NOTHING: self._get,
            Verb.IGNORES: self._ignore,
            Verb.CLOSES: self._close,
            Verb.LOSES: self._lose,
            Verb.RESUMES: self._resume,
            Verb.ACKNOWLEDGES: self._acknowledge,
        }
        try:
            await actions[step.verb](step)
        except AssertionError as wrong:
            path = self.transcript.path.name
            raise Deviation(f"{path}:{step.line}: {step.who} {step.verb.value}: {wrong}") from wrong

    async def _log_in(self, step: Step) -> None:
        device = await self._connect(step.who, step.argument)
        await device.line.bind(step.argument)

    async def _authenticate(self, step: Step) -> None:
        await self._connect(step.who, step.argument)

    async def _connect(self, name: str, resource: str) -> Device:
        line = await self.place.connect(self.accounts[name])
        device = self.devices[name, resource] = Device(name, resource, line)
        return device

    async def _send(self, step: Step) -> None:
        device = self._device(step.who)
        device.pull()
        await device.line.send(fill(step.text.strip(), self.values))

    async def _ignore(self, step: Step) -> None:
        await self._settle()
        self._device(step.who).pull().clear()

    async def _close(self, step: Step) -> None:
        device = self._device(step.who)
        device.is_connected = False
        await device.line.close()

    async def _lose(self, step: Step) -> None:
        device = self._device(step.who)
        device.is_connected = False
        await device.line.lose()
        device.pull()

    async def _resume(self, step: Step) -> None:
        device = self._device(step.who)
        handled = step.argument or device.handled
        device.inbox.clear()
        device.line = await self.place.connect(self.accounts[device.name])
        device.is_connected = True
        await device.line.send(f"<resume xmlns='{_SM}' previd='{device.previd}' h='{handled}'/>")

    async def _acknowledge(self, step: Step) -> None:
        device = self._device(step.who)
        device.pull()
        await device.line.send(f"<a xmlns='{_SM}' h='{device.handled}'/>")

    async def _get(self, step: Step) -> None:
        device = self._device(step.who)
        other = step.differences.get(self.place.server)
        patterns = step.patterns if other is None else other.patterns
        elements = [await device.next() for _ in patterns]
        if not patterns:
            await self._settle()
            elements = [device.pull().popleft()] if device.pull() else []
        got = [element for element in elements if element is not None]
        wrong = self._compare(step, patterns, got)
        assert not wrong, wrong
        if other is not None:
            assert self._compare(step, step.patterns, got), (
                f"{self.place.server} does the same as others: line {other.line} is out of date"
            )
            self.observed.append(other)

    def _compare(self, step: Step, patterns: list[Element], got: list[Element]) -> str:
        shown = "\n  ".join(map(show, got)) or "nothing"
        if step.verb is not Verb.GETS_IN_ANY_ORDER:
            for pattern, element in zip(patterns, got, strict=False):
                if wrong := difference(pattern, element, self.values):
                    return f"{wrong}\n{show(element)}"
        left = list(got)
        for pattern in patterns:
            match = next((e for e in left if not difference(pattern, e, self.values)), None)
            if match is None:
                return f"missing {show(pattern)}\ngot\n  {shown}"
            left.remove(match)
        return f"got\n  {shown}" if left else ""

    def _device(self, who: str) -> Device:
        name, _, resource = who.partition("/")
        found = [
            device
            for key, device in self.devices.items()
            if key[0] == name and (not resource or key[1] == resource)
        ]
        assert len(found) == 1, f"{who} has {len(found)} devices here"
        return found[0]


async def play(transcript: Transcript, place: Place) -> list[Difference]:
    """Play a transcript; gives the declared differences that this place showed."""
    return await Play(transcript, place).run()


def show(element: Element) -> str:
    """An element as text, without the namespaces that all have in common."""
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    for common in _COMMON:
        text = text.replace(common, "", 1)
    return text
