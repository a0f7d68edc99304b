"""Whatever happens to connections: each message reaches a device, and is not asked of it twice.

A person with two devices, which come, go, break, come back, acknowledge or not, while another one
writes and the server restarts now and then. A message is *confirmed* once a device has acknowledged
it (XEP-0198 §4). At the end, a new device must get exactly what was never confirmed, in order.

Devices that say which client they are (XEP-0388 §2.3) each get everything: what was written since
they were there first, and they have not confirmed themselves.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.harness.house import House
from tests.harness.sasl2 import FEATURES, LAPTOP, PHONE, SUCCESS, plain
from tests.harness.talk import SM, authenticate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.element import Element
    from tests.harness.house import Client

BODY = "{jabber:client}body"
STANZAS = {f"{{jabber:client}}{kind}" for kind in ("message", "presence", "iq")}


class Device:
    """A client that keeps the rules of XEP-0198."""

    def __init__(self, story: Story, name: str, agent: str = "") -> None:
        self.story = story
        self.name = name
        self.agent = agent
        self.since = -1  # how much had been written when it was there first
        self.client: Client | None = None
        self.session = ""
        self.handled = 0
        self.seen: list[int] = []  # in this session, not acknowledged yet

    async def come(self) -> None:
        """Connect; resume if there is something to resume."""
        if self.client is not None:
            return
        self.client = client = await self._authenticate()
        self.since = self.story.sent if self.since < 0 else self.since
        if self.session:
            await client.send(f"<resume xmlns='{SM}' previd='{self.session}' h='{self.handled}'/>")
            answer = await client.next()
            if answer.tag == f"{{{SM}}}resumed":
                self.confirm()
                self.read()
                return
        self.seen.clear()
        await client.send(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            f"<resource>{self.name}</resource></bind></iq>"
        )
        await client.expect("<iq type='result' id='b'/>")
        await client.send(f"<enable xmlns='{SM}' resume='true'/>")
        self.session = (await client.expect(f"<enabled xmlns='{SM}'/>")).get("id", "")
        self.handled = 0
        await client.send("<presence/>")
        self.read()

    async def _authenticate(self) -> Client:
        if not self.agent:
            return await authenticate(self.story.house, "anna")
        client = self.story.house.connect()
        await client.open()
        await client.send(plain("anna", agent=self.agent))
        await client.expect(SUCCESS)
        await client.expect(FEATURES)
        return client

    def read(self) -> None:
        """Take in what has come."""
        if self.client is not None:
            for element in self.client.take_all():
                self._handle(element)
            if not self.client.line.is_open:
                self.client = None  # the server has given up on this connection

    def _handle(self, element: Element) -> None:
        if element.tag not in STANZAS:
            return
        self.handled += 1
        text = element.findtext(BODY)
        if text is not None:
            number = int(text)
            assert number not in self.story.confirmed_by.get(self.name, ()), "asked for twice"
            self.seen.append(number)

    def confirm(self) -> None:
        """What was seen is the device's own from now on."""
        self.story.confirmed.update(self.seen)
        self.story.confirmed_by.setdefault(self.name, set()).update(self.seen)
        self.seen.clear()

    async def acknowledge(self) -> None:
        if self.client is not None:
            await self.client.send(f"<a xmlns='{SM}' h='{self.handled}'/>")
            self.confirm()
            self.read()

    async def go(self) -> None:
        """Say goodbye, without saying what has arrived."""
        if self.client is not None:
            await self.client.close()
            self.client = None
            self.session = ""

    async def vanish(self) -> None:
        """The network is gone; what is on its way is lost."""
        if self.client is not None:
            self.client.take_all()
            self.client.vanish()
            self.client = None
            await self.story.house.settle()


class Story:
    """The house, the devices, and what has been said."""

    def __init__(self, house: House, agents: Sequence[str]) -> None:
        self.house = house
        self.devices = [Device(self, *each) for each in zip(("one", "two"), agents, strict=True)]
        self.confirmed: set[int] = set()
        self.confirmed_by: dict[str, set[int]] = {}
        self.for_all: set[int] = set()
        self.sent = 0
        self.ben: Client | None = None

    async def tell(self, step: str) -> None:
        word, _, place = step.partition(" ")
        if word == "write":
            await self._write(place)
        elif word == "restart":
            await self._restart()
        elif word == "wait":
            self.house.clock.advance(700)
            await self.house.settle()
        else:
            await getattr(self.devices[int(place)], word)()
        for device in self.devices:
            device.read()

    async def _write(self, to: str) -> None:
        if self.ben is None:
            self.ben = await self.house.login("ben/b")
        await self.ben.send(
            f"<message type='chat' to='anna@example.org{to}'><body>{self.sent}</body></message>"
        )
        await self.ben.expect_nothing()
        if not to:
            self.for_all.add(self.sent)
        self.sent += 1

    async def _restart(self) -> None:
        for device in self.devices:
            device.read()
            device.client = None
        self.ben = None
        await self.house.restart()

    async def end(self) -> list[int]:
        """All devices are gone for good; what a new one gets."""
        await self.part()
        last = await self.house.login("anna/last")
        await last.send("<presence/>")
        # Who waits for a device that was to come back sees within seconds that it will not.
        self.house.clock.advance(5)
        await self.house.settle()
        texts = [element.findtext(BODY) for element in last.take_all()]
        return [int(text) for text in texts if text is not None]

    async def part(self) -> None:
        """All devices are gone, and nothing is left of their sessions."""
        for device in self.devices:
            await device.vanish()
        self.house.clock.advance(700)
        await self.house.settle()

    async def check(self) -> None:
        """Each device comes once more, and gets what it has not had, in order."""
        await self.part()
        for device in self.devices:
            before = device.since
            if before < 0:
                continue
            device.session = ""
            await device.come()
            self.house.clock.advance(5)
            await self.house.settle()
            device.read()
            due = {number for number in self.for_all if number >= before}
            got = device.seen
            assert due - self.confirmed_by.get(device.name, set()) <= set(got)
            assert got == sorted(set(got))


async def tell_of_clients(steps: Sequence[str]) -> None:
    """The same, with devices that say which client they are."""
    async with House(config={"limits": {"idle_timeout": "forever"}}) as house:
        await house.add_user("anna")
        story = Story(house, (PHONE, LAPTOP))
        for step in steps:
            await story.tell(step)
        await story.check()


async def tell(steps: Sequence[str]) -> None:
    async with House(config={"limits": {"idle_timeout": "forever"}}) as house:
        await house.add_user("anna")
        story = Story(house, ("", ""))
        for step in steps:
            await story.tell(step)
        got = await story.end()
        assert set(got) == set(range(story.sent)) - story.confirmed
        assert got == sorted(got)


STEPS = [
    "write ", "write ", "write /one", "write /two", "restart", "wait",
    *(f"{word} {place}" for word in ("come", "come", "acknowledge", "go", "vanish")
      for place in (0, 1)),
]  # fmt: skip


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.sampled_from(STEPS), max_size=30))
@example(["write ", "restart", "come 0", "acknowledge 0", "restart"])
@example(["write ", "restart", "come 0", "acknowledge 0", "write "])
@example(["write ", "write ", "come 0", "come 1", "vanish 1", "go 0"])
@example(["come 0", "write ", "vanish 0", "write ", "come 0", "acknowledge 0"])
@example(["come 0", "write /one", "come 1", "write ", "acknowledge 1", "wait", "restart"])
def test_nothing_is_lost(steps: list[str]) -> None:
    asyncio.run(tell(steps))


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.sampled_from(STEPS), max_size=30))
@example(["come 0", "come 1", "go 1", "write ", "acknowledge 0", "come 1"])
@example(["come 0", "go 0", "come 1", "write ", "write ", "acknowledge 1", "restart"])
@example(["come 0", "go 0", "write ", "come 1", "vanish 1", "come 0", "acknowledge 0"])
def test_each_client_gets_everything(steps: list[str]) -> None:
    asyncio.run(tell_of_clients(steps))
