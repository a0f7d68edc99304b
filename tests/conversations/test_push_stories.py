"""Whatever happens: a telephone that is gone is told of all that it lacks, and of nothing else.

Anna's telephone comes and goes, her desk has and acknowledges everything and at times she answers
from there, ben writes, time passes, the server restarts or is killed. Each notification has the
right number, and in the end none is missing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conversations.test_push_silence import sasl2
from tests.extensions.push.makers import acknowledge, enable, manage, open_makers, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.extensions.push.makers import Makers
    from tests.harness.house import Client

STEPS = ("write", "write", "come", "go", "vanish", "wait", "restart", "crash", "desk", "answer")


class Story:
    """What the telephone must be told."""

    def __init__(self, makers: Makers, phone: Client) -> None:
        self.makers = makers
        self.phone: Client | None = phone
        self.desk: Client | None = None
        self.written = self.has = self.told = self.seen = 0

    async def tell(self, step: str) -> None:
        if step == "write":
            await self.write()
        elif step == "come" and self.phone is None:
            self.phone = await sasl2(self.makers)
            await self.take()
        elif step in ("go", "vanish") and self.phone is not None:
            await (self.phone.close() if step == "go" else self.vanish(self.phone))
            self.phone = None
        elif step == "answer" and self.desk is not None:
            await write(self.desk, to="ben@example.org")
            self.has = self.written
        elif step == "desk" and self.desk is None:
            self.desk = await self.makers.house.online("anna/desk")
            await manage(self.desk)
        elif step in ("restart", "crash"):
            self.phone = self.desk = None
            await (self.makers.house.restart() if step == "restart" else self.makers.crash())
            self.seen = 0
        elif step == "wait":
            await self.makers.pass_time(7)
        self.check()

    async def vanish(self, phone: Client) -> None:
        phone.vanish()
        await self.makers.house.settle()

    async def write(self) -> None:
        ben = await self.makers.house.online("ben/pc")
        await write(ben)
        await ben.close()
        self.written += 1
        await self.take()

    async def take(self) -> None:
        """Who is there acknowledges."""
        if self.phone is not None:
            await acknowledge(self.phone)
            self.has = self.written
        if self.desk is not None:
            await acknowledge(self.desk)

    def check(self) -> None:
        """Each new notification tells of everything that the telephone lacks."""
        for found in self.makers.taken[self.seen :]:
            assert found.pending == self.written - self.has > 0
            self.told = self.written
        self.seen = len(self.makers.taken)

    async def end(self) -> None:
        await self.makers.pass_time(100)
        self.check()
        assert self.has == self.written or self.told == self.written


async def tell(steps: Sequence[str]) -> None:
    async with open_makers() as makers:
        phone = await sasl2(makers)
        await enable(phone)
        story = Story(makers, phone)
        for step in steps:
            await story.tell(step)
        await story.end()


@settings(max_examples=settings().max_examples // 3)
@given(st.lists(st.sampled_from(STEPS), max_size=15))
@example(["go", "write", "restart"])
@example(["go", "desk", "write", "restart"])
@example(["go", "desk", "write", "wait", "restart", "write"])
@example(["write", "crash", "wait", "write", "wait"])
@example(["go", "desk", "write", "answer", "crash", "write"])
@example(["vanish", "write", "crash", "desk", "answer"])
@example(["go", "write", "wait", "restart", "come", "go", "write", "wait"])
def test_stories(steps: list[str]) -> None:
    asyncio.run(tell(steps))
