"""XEP-0133 §4.27, §4.28: the welcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.extensions.administration.scene import (
    ADMIN,
    DOMAIN,
    begin,
    condition,
    fields,
    open_house,
    run,
)

if TYPE_CHECKING:
    from tests.harness.house import Client, House

LINES = ["Welcome to Shakespeare.lit, your home for", "instant messaging with a literary touch."]


async def first(house: House, name: str, presence: str = "<presence/>") -> Client:
    client = await house.login(name)
    await client.send(presence)
    await house.settle()
    return client


def welcomes(client: Client) -> int:
    return bytes(client.said).count(b"Welcome to Shakespeare.lit")


async def test_new_users_are_welcomed_once() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        assert fields(await begin(bard, "set-welcome"))["welcome"] == []
        answer = await run(bard, "set-welcome", welcome=LINES)
        assert answer[0].get("status") == "completed"
        assert fields(await begin(bard, "set-welcome"))["welcome"] == LINES
        juliet = await first(house, "juliet/1")
        [letter] = [each for each in juliet.take_all() if each.tag.endswith("message")]
        assert letter.findtext("{*}body") == "\n".join(LINES)
        assert (letter.get("type"), letter.get("from")) == ("normal", DOMAIN)
        assert welcomes(await first(house, "juliet/2")) == 0
        await house.restart()
        assert welcomes(await first(house, "nurse/1")) == 1
        assert welcomes(await first(house, "juliet/3")) == 0


async def test_a_welcome_waits_for_a_device_that_takes_it() -> None:
    """It is a message like others: who loses the connection gets it later."""
    async with open_house() as house:
        bard = await house.online(ADMIN)
        await run(bard, "set-welcome", welcome=LINES)
        juliet = await first(house, "juliet/1", "<presence><priority>-1</priority></presence>")
        assert welcomes(juliet) == 0
        await juliet.close()
        assert welcomes(await first(house, "juliet/2")) == 1


async def test_who_was_here_before_is_not_new() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        juliet = await first(house, "juliet/1")
        await run(bard, "set-welcome", welcome=LINES)
        await juliet.send("<presence type='unavailable'/>")
        await juliet.send("<presence/>")
        await juliet.close()
        for client in (juliet, await first(house, "juliet/2")):
            assert welcomes(client) == 0


async def test_no_welcome_any_more() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        await run(bard, "set-welcome", welcome=LINES)
        done = await begin(bard, "delete-welcome")
        assert done[0].get("status") == "completed"
        assert welcomes(await first(house, "juliet/1")) == 0
        assert condition(await run(bard, "set-welcome", welcome="x" * 20_000)) == "not-acceptable"
