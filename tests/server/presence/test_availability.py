"""A session's presence from first to last, where `test_service.py` does not look."""

from __future__ import annotations

from server.extension import Extension, On, Wire
from server.moments import SessionAvailable
from server.presence.availability import DIRECTED
from tests.harness.house import House


class Listener(Extension):
    """Notes who became available."""

    name = "listener"

    def wires(self) -> tuple[Wire, ...]:
        self.heard: list[str] = []
        return (On(SessionAvailable, lambda moment: self.heard.append(moment.session.jid)),)


async def test_the_moment_of_becoming_available() -> None:
    async with House() as house:
        house.extend(Listener)
        await house.restart()
        anna = await house.online("anna/a")
        await anna.send("<presence><show>away</show></presence>")
        host = house.server.hosts["example.org"]
        assert host.service("listener").heard == ["anna@example.org/a"]
        await anna.send("<presence type='unavailable'/><presence/>")
        assert host.service("listener").heard == ["anna@example.org/a"] * 2


async def test_too_many_directed() -> None:
    async with House() as house:
        anna = await house.online("anna/a")
        anna.say("".join(f"<presence to='x{n}@example.org'/>" for n in range(DIRECTED)))
        await anna.expect_nothing()
        await anna.send("<presence to='one-more@example.org'/>")
        await anna.expect("<presence type='error' from='one-more@example.org'/>")
        await anna.send("<presence to='x1@example.org'/>")
        await anna.expect_nothing()


async def test_last_words() -> None:
    async with House() as house:
        anna = await house.online("anna/a")
        account = anna.session.account
        await anna.send("<presence type='unavailable'><status>bye</status></presence>")
        await anna.close()
        assert account.last_status == "bye"
        anna = await house.online("anna/a")
        anna.vanish()
        assert account.last_status == ""


async def test_priority_decides_who_gets_messages() -> None:
    async with House() as house:
        one, two = await house.online("anna/1"), await house.online("anna/2")
        await two.send("<presence><priority>-3</priority></presence>")
        reach = one.session.account.reach
        assert reach.audience == (one.session,)
        assert set(reach.available) == {one.session, two.session}
        await two.send("<presence type='unavailable'/>")
        assert one.session.account.reach.available == (one.session,)
