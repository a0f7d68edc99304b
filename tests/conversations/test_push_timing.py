"""How soon notifications leave, as the README has it; and many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.push.publisher import MOST_AT_ONE
from extensions.push.scheduler import CALL_PATIENCE
from extensions.push.section import Push
from tests.extensions.push.makers import (
    BODY,
    CALL,
    INVITE,
    Makers,
    acknowledge,
    enable,
    open_makers,
    write,
)

if TYPE_CHECKING:
    from tests.harness.house import Client

DELAY, INTERVAL = 5.0, 60.0
SPREAD = 1.5  # the spread of a second, and the half second in which time passes here


async def gone(makers: Makers) -> Client | None:
    await makers.asleep()
    return None


async def hibernating(makers: Makers) -> Client | None:
    (await makers.phone()).vanish()
    return None


async def attached(makers: Makers) -> Client | None:
    return await makers.phone()


@pytest.mark.parametrize("state", [gone, hibernating])
@pytest.mark.parametrize(("inside", "soonest"), [(BODY, DELAY), (CALL, 0.0), (INVITE, 0.0)])
async def test_first(state: object, inside: str, soonest: float) -> None:
    async with open_makers() as makers:
        await state(makers)  # type: ignore[operator]
        ben = await makers.house.online("ben/pc")
        sent = makers.house.clock.now()
        await write(ben, inside)
        await makers.pass_time(10)
        took = makers.taken[0].at - sent
        assert soonest <= took <= soonest + (SPREAD if soonest else 0.0)


@pytest.mark.parametrize(("inside", "soonest"), [(BODY, DELAY), (CALL, CALL_PATIENCE)])
async def test_a_device_that_should_be_there(inside: str, soonest: float) -> None:
    """It is given the time to acknowledge, even a call."""
    async with open_makers() as makers:
        phone = await attached(makers)
        assert phone is not None
        ben = await makers.house.online("ben/pc")
        sent = makers.house.clock.now()
        await write(ben, inside)
        await makers.pass_time(10)
        assert soonest <= makers.taken[0].at - sent <= soonest + SPREAD
        await acknowledge(phone)
        await makers.pass_time(100)
        assert len(makers.taken) == 1


async def test_the_second_of_a_conversation() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(10)
        await write(ben)
        await makers.pass_time(100)
        first, second = (found.at for found in makers.taken)
        assert INTERVAL <= second - first <= INTERVAL + SPREAD


async def test_another_conversation() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(10)
        carl = await makers.house.online("carl/pc")
        sent = makers.house.clock.now()
        await write(carl)
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1, 2]
        assert DELAY <= makers.taken[1].at - sent <= DELAY + SPREAD


async def test_many_devices_and_a_slow_app_server() -> None:
    """No more than a few at a time; the others have their turn when the app server is back."""
    async with open_makers() as makers:
        phone = await makers.phone(node="n0")
        for number in range(1, 2 * MOST_AT_ONE):
            await enable(phone, f"n{number}")
        await phone.close()
        makers.app.is_silent = True
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(10)
        assert makers.app.asked == MOST_AT_ONE
        makers.app.is_silent = False
        await makers.pass_time(100)
        assert len({found.node for found in makers.taken}) == 2 * MOST_AT_ONE


def test_the_figures_are_the_defaults() -> None:
    section = Push()
    assert (float(section.delay), float(section.interval)) == (DELAY, INTERVAL)
