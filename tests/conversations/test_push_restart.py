"""What survives a restart: who was not told is told, who was told is not, and counts are right."""

from __future__ import annotations

import pytest

from extensions.push import devices
from extensions.push.rules import MOST
from extensions.push.scheduler import RETURN
from server.errors import Condition, StanzaError
from tests.conversations.test_push_silence import mute, publish, stanza_id
from tests.extensions.push.makers import (
    APP,
    CALL,
    Makers,
    acknowledge,
    disable,
    enable,
    manage,
    open_makers,
    write,
)

SOON = RETURN + 3.0  # the spread of a second, and the alarm's tick


async def written(makers: Makers, times: int = 1, who: str = "ben") -> None:
    """Somebody writes to anna."""
    ben = await makers.house.online(f"{who}/pc")
    for _ in range(times):
        await write(ben)
    await ben.close()


def counts(makers: Makers) -> list[int]:
    return [found.pending for found in makers.taken]


async def test_not_told_in_time() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers)
        await makers.pass_time(2)
        await makers.house.restart()
        began = makers.house.clock.now()
        await makers.pass_time(200)
        [found] = makers.taken
        assert found.pending == 1
        assert RETURN <= found.at - began <= SOON
        assert "armed: it was not told before the server was started" in await makers.history()


async def test_not_told_in_time_though_another_device_has_it() -> None:
    """Then nothing is pending for the account, but the telephone was not told."""
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        await manage(desk)
        await written(makers)
        await acknowledge(desk)
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert counts(makers) == [1]


async def test_a_long_delay() -> None:
    """Nobody has looked at it yet when others have long gone on."""
    async with open_makers(delay="2m") as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        await manage(desk)
        await written(makers)
        await acknowledge(desk)
        await makers.pass_time(100)
        await write(await makers.house.online("ben/pc"), to="carl@example.org")
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert counts(makers) == [1]


async def test_who_comes_back_is_not_told() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers)
        await makers.house.restart()
        phone = await makers.house.online("anna/phone")
        await manage(phone)
        await makers.pass_time(SOON)
        assert makers.taken == []


async def test_told_is_told() -> None:
    """And still counts when there is something new."""
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers, 3)
        await makers.pass_time(7)
        assert counts(makers) == [3]
        await makers.house.restart()
        await makers.pass_time(100)
        assert counts(makers) == []
        await written(makers)
        await makers.pass_time(7)
        assert counts(makers) == [4]


async def test_fetched_after_the_restart() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers, 3)
        await makers.pass_time(7)
        await makers.house.restart()
        phone = await makers.house.online("anna/phone")
        await phone.close()
        await written(makers)
        await makers.pass_time(SOON)
        assert counts(makers) == [1]


async def test_what_was_acknowledged_is_not_told_for_long() -> None:
    """A device that was there has what is older than the last seconds."""
    async with open_makers() as makers:
        phone = await makers.phone()
        await written(makers, 5)
        await acknowledge(phone)
        await makers.pass_time(60)
        await written(makers, who="carl")
        await acknowledge(phone)
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert counts(makers) in ([], [1])


@pytest.mark.parametrize("how", ["answered", "marked"])
async def test_read_before_the_restart(how: str) -> None:
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        await written(makers)
        if how == "answered":
            await write(desk, to="ben@example.org")
        else:
            read = (
                "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0'"
                f" by='anna@example.org' id='{await stanza_id(desk)}'/></displayed>"
            )
            await publish(desk, "urn:xmpp:mds:displayed:0", "ben@example.org", read)
        await written(makers, who="carl")
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert counts(makers) == [1]
        assert "armed: it was not told before the server was started" in await makers.history()


async def test_read_after_it_was_told() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        await written(makers, 3)
        await makers.pass_time(7)
        await write(desk, to="ben@example.org")
        await makers.house.restart()
        await written(makers, who="carl")
        await makers.pass_time(SOON)
        assert counts(makers) == [1]


async def test_what_was_muted_stays_silent() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        await mute(phone, "never")
        await phone.close()
        await written(makers)
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert makers.taken == []


async def test_a_call_is_none_any_more() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        makers.app.is_silent = True
        await write(await makers.house.online("ben/pc"), CALL)
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert [found.text for found in makers.taken] == ["1 new message"]


async def test_an_app_server_in_trouble_is_left_in_peace() -> None:
    """As long as if there had been no restart; and given up in the end."""
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers)
        failures = 0
        for _ in range(12):
            makers.app.refusal = StanzaError(Condition.INTERNAL_SERVER_ERROR)
            for _ in range(100):
                if not makers.app.asked:
                    makers.house.clock.advance(300)
                    await makers.house.settle()
            failures += makers.app.asked
            await makers.house.restart()
        assert failures == 12
        assert await makers.house.database.fetch("SELECT node FROM push_device") == []


async def test_the_next_attempt_waits() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers)
        makers.app.is_silent = True
        await makers.pass_time(160)
        assert makers.app.asked == 3  # after 6, 66 and 156 seconds
        await makers.pass_time(30)  # it failed; the next attempt is due in 120 seconds
        await makers.house.restart()
        await makers.pass_time(100)
        assert makers.taken == []
        await makers.pass_time(30)
        assert counts(makers) == [1]


async def test_each_device_for_itself() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        await enable(phone, "second")
        await phone.close()
        await written(makers)
        await makers.pass_time(7)
        await makers.house.database.execute(
            "UPDATE push_told SET told = 0 WHERE service = $1 AND node = $2", APP, "second"
        )
        await makers.house.restart()
        await makers.pass_time(SOON)
        assert [found.node for found in makers.taken] == ["second"]


async def test_nothing_is_kept_of_devices_that_are_gone() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        phone.vanish()
        await written(makers)
        await makers.pass_time(7)
        fetch = makers.house.database.fetch
        assert len(await fetch("SELECT since FROM push_told WHERE since > 0")) == 1
        phone = await makers.house.online("anna/phone")
        assert await fetch("SELECT since FROM push_told WHERE since > 0") == []
        await disable(phone)
        assert await fetch("SELECT since FROM push_told") == []


async def test_very_many() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers, 5 * MOST)
        await makers.pass_time(7)
        await makers.house.restart()
        await written(makers)
        await makers.pass_time(SOON)
        assert counts(makers) == [5 * MOST + 1]


async def test_accounts_that_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a long run there is not room for all: it is as after a restart."""
    monkeypatch.setattr(devices, "REMEMBERED", 1)
    async with open_makers() as makers:
        for name in ("anna", "dora"):
            await makers.asleep(f"{name}/phone", name)
            ben = await makers.house.online("ben/pc")
            await write(ben, to=f"{name}@example.org")
            await makers.pass_time(70)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        assert [(found.node, found.pending) for found in makers.taken] == [
            ("anna", 1), ("dora", 1), ("anna", 2)
        ]  # fmt: skip


async def test_while_the_database_is_away() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await written(makers)
        await makers.house.restart()
        makers.house.database.is_away = True
        await makers.pass_time(SOON)
        makers.house.database.is_away = False
        await makers.pass_time(10 + SOON)
        assert counts(makers) == [1]
