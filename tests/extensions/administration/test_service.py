"""XEP-0133 §4.23, §4.30, §4.31: announcements, the end of the service."""

import pytest

from tests.extensions.administration.scene import (
    ADMIN,
    DOMAIN,
    begin,
    condition,
    fields,
    headline,
    open_house,
    run,
)

JULIET = f"juliet@{DOMAIN}"


async def test_an_announcement() -> None:
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        lines = ["Attention!", "Down in two minutes &amp; back in five"]
        answer = await run(bard, "announce", announcement=lines)
        assert answer[0].findtext("{*}note") == "2 devices were told"
        await juliet.expect(headline("Announcement", "\n".join(lines), f"{JULIET}/1"))
        long = await run(bard, "announce", announcement="x" * 20_000)
        assert condition(long) == "not-acceptable"
        await juliet.expect_nothing()


@pytest.mark.parametrize(("name", "is_restart"), [("restart", True), ("shutdown", False)])
async def test_the_end_of_the_service(name: str, is_restart: bool) -> None:
    async with open_house() as house:
        ended: list[bool] = []
        house.server.ask_to_end = ended.append
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        asked = fields(await begin(bard, name))
        assert list(asked) == ["FORM_TYPE", "delay", "announcement"]
        lines = ["We go down in 2 minutes!", "Please log off now. --The Admins"]
        answer = await run(bard, name, delay="120", announcement=lines)
        assert answer[0].get("status") == "completed"
        await juliet.expect(headline("Announcement", "\n".join(lines), f"{JULIET}/1"))
        house.clock.advance(119)
        await house.settle()
        assert ended == []
        house.clock.advance(1)
        await house.settle()
        assert ended == [is_restart]


async def test_an_end_without_a_word() -> None:
    async with open_house() as house:
        ended: list[bool] = []
        house.server.ask_to_end = ended.append
        bard = await house.online(ADMIN)
        await run(bard, "shutdown", delay="30")
        await bard.expect_nothing()
        house.clock.advance(30)
        await house.settle()
        assert ended == [False]
        assert condition(await run(bard, "shutdown", delay="1")) == "bad-request"


async def test_who_has_not_started_it_does_not_end_it() -> None:
    """§5: "<internal-server-error/> if the service cannot be shut down"."""
    async with open_house() as house:
        bard = await house.online(ADMIN)
        assert condition(await run(bard, "shutdown", delay="30")) == "internal-server-error"
