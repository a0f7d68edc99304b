"""XEP-0133 §4.5, §4.13 to §4.26: who there is, sessions, announcements."""

from tests.extensions.administration.scene import (
    ADMIN,
    DOMAIN,
    begin,
    condition,
    fields,
    open_house,
    run,
)

JULIET = f"juliet@{DOMAIN}"


def headline(subject: str, text: str, to: str) -> str:
    return (
        f"<message type='headline' from='{DOMAIN}' to='{to}'><subject>{subject}</subject>"
        f"<body>{text}</body></message>"
    )


async def test_one_session_ends_or_all_of_them() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        one, other = await house.online("juliet/1"), await house.online("juliet/2")
        await run(bard, "end-user-session", accountjids=f"{JULIET}/1")
        assert [one.is_closed, other.is_closed] == [True, False]
        await house.online("juliet/3")
        answer = await run(bard, "end-user-session", accountjids=JULIET)
        assert answer[0].findtext("{*}note") == "2 sessions were ended"
        assert other.is_closed
        elsewhere = await run(bard, "end-user-session", accountjids="juliet@example.net")
        assert condition(elsewhere) == "item-not-found"


async def test_numbers() -> None:
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        bard = await house.online(ADMIN)
        for name in ("juliet/1", "juliet/2", "nurse@example.net/1"):
            await house.online(name)
        await house.add_user("iago")
        registered = fields(await begin(bard, "get-registered-users-num"))
        assert registered["registeredusersnum"] == ["3"]
        assert fields(await begin(bard, "get-online-users-num"))["onlineusersnum"] == ["2"]


async def test_lists() -> None:
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        bard, _ = await house.online(ADMIN), await house.online("nurse@example.net/1")
        for number in range(30):
            await house.add_user(f"user{number:02}")
        await house.online("user07/1")
        answer = await run(bard, "get-registered-users-list", max_items="25")
        assert len(fields(answer)["registereduserjids"]) == 25
        assert answer[0].findtext("{*}note") == "There are more"
        answer = await run(bard, "get-registered-users-list", max_items="none")
        found = fields(answer)["registereduserjids"]
        assert (len(found), found[0], found[-1]) == (31, ADMIN, f"user29@{DOMAIN}")
        assert answer[0].find("{*}note") is None
        online = fields(await run(bard, "get-online-users-list", max_items="25"))
        assert online["onlineuserjids"] == [ADMIN, f"user07@{DOMAIN}"]
        other = await run(bard, "get-online-users-list", max_items="1000000")
        assert condition(other) == "bad-request"


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
