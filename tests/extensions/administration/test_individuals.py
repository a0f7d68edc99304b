"""XEP-0133 §4.5, §4.8 to §4.10: single users."""

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
    from tests.harness.house import Client

JULIET = f"juliet@{DOMAIN}"


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


async def test_a_roster() -> None:
    """§4.8: in the form, "formatted according to the 'jabber:iq:roster' protocol"."""
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        await juliet.send(
            "<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
            "<item jid='romeo@example.net' name='Romeo'><group>Friends</group></item></query></iq>"
        )
        assert list(fields(await begin(bard, "get-user-roster"))) == ["FORM_TYPE", "accountjids"]
        answer = await run(bard, "get-user-roster", accountjids=JULIET)
        assert fields(answer)["accountjids"] == [JULIET]
        form = answer[0].find("{jabber:x:data}x")
        assert form is not None
        [item] = form.findall("{jabber:iq:roster}query/{jabber:iq:roster}item")
        assert (item.get("jid"), item.get("name")) == ("romeo@example.net", "Romeo")
        assert item.findtext("{*}group") == "Friends"
        both = await run(bard, "get-user-roster", accountjids=[JULIET, ADMIN, JULIET])
        assert fields(both)["accountjids"] == [JULIET, ADMIN]
        assert len(both[0].findall("{*}x/{jabber:iq:roster}query")) == 2
        nobody = await run(bard, "get-user-roster", accountjids=f"nobody@{DOMAIN}")
        assert condition(nobody) == "item-not-found"
        many = [f"user{number}@{DOMAIN}" for number in range(21)]
        refused = await run(bard, "get-user-roster", accountjids=many)
        assert condition(refused) == "not-acceptable"


async def last_login(bard: Client, jid: str = JULIET) -> list[str]:
    return fields(await run(bard, "get-user-lastlogin", accountjids=jid))["lastlogin"]


async def test_the_last_login() -> None:
    """§4.9: "SHOULD conform to the DateTime profile"; it survives restarts."""
    async with open_house() as house:
        bard = await house.online(ADMIN)
        await house.add_user("juliet")
        answer = await run(bard, "get-user-lastlogin", accountjids=JULIET)
        assert fields(answer)["lastlogin"] == []
        assert answer[0].findtext("{*}note") == f"{JULIET} has never logged in"
        juliet = await house.login("juliet/1")
        house.clock.advance(60)
        assert await last_login(bard) == ["2023-11-14T22:13:20.000Z"]
        await juliet.close()
        assert await last_login(bard) == ["2023-11-14T22:13:20.000Z"]
        await house.restart()
        bard = await house.online(ADMIN)
        assert await last_login(bard) == ["2023-11-14T22:13:20.000Z"]
        house.clock.advance(60)
        await house.login("juliet/1")
        assert await last_login(bard) > ["2023-11-14T22:14:20.000Z"]
        nobody = await run(bard, "get-user-lastlogin", accountjids=f"nobody@{DOMAIN}")
        assert condition(nobody) == "item-not-found"


async def test_statistics() -> None:
    """§4.10: what is known without counting each stanza."""
    async with open_house() as house:
        bard = await house.online(ADMIN)
        for name in ("juliet/work", "juliet/home"):
            juliet = await house.online(name)
        await juliet.send(
            "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='a@b.example'/>"
            "</query></iq>"
        )
        assert list(fields(await begin(bard, "user-stats"))) == ["FORM_TYPE", "accountjid"]
        found = fields(await run(bard, "user-stats", accountjid=JULIET))
        assert found["ipaddresses"] == ["192.0.2.1"]
        assert found["rostersize"] == ["1"]
        assert found["onlineresources"] == ["work", "home"]
        nobody = await run(bard, "user-stats", accountjid=f"nobody@{DOMAIN}")
        assert condition(nobody) == "item-not-found"
