"""XEP-0133 §4.24 to §4.26: the message of the day."""

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


async def test_the_message_of_the_day_is_told_once() -> None:
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        await run(bard, "set-motd", motd=["The Globe", "is open"])
        await juliet.expect(headline("Message of the Day", "The Globe\nis open", f"{JULIET}/1"))
        nurse = await house.login("nurse/1")
        await nurse.send("<presence/>")
        told = [each for each in nurse.take_all() if each.tag.endswith("message")]
        assert len(told) == 1
        house.clock.advance(5)
        for client in (juliet, nurse):
            await client.close()
        await house.restart()
        for name, count in (("juliet", 0), ("nurse", 0), ("iago", 1), ("iago", 0)):
            client = await house.login(f"{name}/2")
            await client.send("<presence/>")
            told = [each for each in client.take_all() if each.tag.endswith("message")]
            assert len(told) == count, name
            house.clock.advance(5)
            await client.close()


async def test_the_message_of_the_day_is_edited_and_deleted() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        await run(bard, "set-motd", motd=["The Globe", "is open"])
        asked = await begin(bard, "edit-motd")
        assert fields(asked)["motd"] == ["The Globe", "is open"]
        bard.take_all()
        await run(bard, "edit-motd", motd="The Globe is closed")
        await bard.expect_nothing()
        juliet = await house.login("juliet/1")
        await juliet.send("<presence/>")
        assert b"The Globe is closed" in bytes(juliet.said)
        done = await begin(bard, "delete-motd")
        assert done[0].get("status") == "completed"
        nurse = await house.login("nurse/1")
        await nurse.send("<presence/>")
        assert b"Globe" not in bytes(nurse.said)
        long = await run(bard, "set-motd", motd="x" * 20_000)
        assert condition(long) == "not-acceptable"
