"""XEP-0133 §4.13 to §4.22: how many there are, and who."""

from server.orders import Orders
from tests.extensions.administration.scene import (
    ADMIN,
    DOMAIN,
    begin,
    condition,
    fields,
    open_house,
    run,
)


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


async def test_who_is_disabled() -> None:
    """§4.14, §4.19."""
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        bard = await house.online(ADMIN)
        for name in ("bernardo", "iago", "juliet", "nurse@example.net"):
            await house.add_user(name)
        accounts = Orders(house.server).accounts()
        for name in (f"bernardo@{DOMAIN}", f"iago@{DOMAIN}", "nurse@example.net"):
            await accounts.disable(name)
        number = fields(await begin(bard, "get-disabled-users-num"))
        assert number["disabledusersnum"] == ["2"]
        answer = await run(bard, "get-disabled-users-list", max_items="100")
        expected = [f"bernardo@{DOMAIN}", f"iago@{DOMAIN}"]
        assert fields(answer)["disableduserjids"] == expected


async def test_who_is_active_and_who_is_idle() -> None:
    """§4.16, §4.17, §4.21, §4.22: one active device is enough; who is not connected has none."""
    async with open_house() as house:
        bard = await house.online(ADMIN)
        for name in ("goneril/1", "juliet/1"):
            client = await house.online(name)
            await client.send("<inactive xmlns='urn:xmpp:csi:0'/>")
        await house.online("juliet/2")
        lost = await house.online("regan/1")
        await lost.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        lost.vanish()
        idle = [f"goneril@{DOMAIN}", f"regan@{DOMAIN}"]
        for kind, expected in (("active", [ADMIN, f"juliet@{DOMAIN}"]), ("idle", idle)):
            number = fields(await begin(bard, f"get-{kind}-users-num"))
            assert number[f"{kind}usersnum"] == ["2"]
            answer = await run(bard, f"get-{kind}-users", max_items="100")
            assert fields(answer)["activeuserjids"] == expected
