"""What happens when time passes: too slow, too silent, too late (XEP-0205, XEP-0198 §5)."""

from __future__ import annotations

import pytest

from server.c2s.phase import Phase
from server.jid import JID
from server.sweep import DEPARTURES_EVERY, ROUNDS, SILENCE
from tests.harness.house import House
from tests.harness.talk import SM, authenticate, connect, enable, expect_end, header

PING = "<iq type='get' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq>"
IDLE = {"limits": {"idle_timeout": "60s"}}


async def wait(house: House, seconds: int) -> None:
    """Let time pass second by second, as it does."""
    for _ in range(seconds):
        house.clock.advance(1)
        await house.settle()


# -- newcomers (RFC 6120 §4.9.3.4 connection-timeout) --


@pytest.mark.parametrize("opening", ["", "<stream:str", header()])
async def test_a_client_that_does_not_log_in(opening: str) -> None:
    async with House(config={"limits": {"unauthenticated_timeout": "30s"}}) as house:
        client = house.connect()
        client.say(opening)
        house.clock.advance(29)
        await house.settle()
        assert client.line.is_open
        house.clock.advance(2)
        await house.settle()
        assert client.stream.phase is Phase.CLOSED
        assert b"<connection-timeout " in client.said
        assert not house.server.newcomers


async def test_authentication_is_not_enough() -> None:
    """The resources of a stream are held until it is bound, so the time counts until then."""
    async with House(config={"limits": {"unauthenticated_timeout": "30s"}}) as house:
        client = await authenticate(house, "anna")
        house.clock.advance(31)
        await expect_end(client, "connection-timeout")


async def test_who_is_bound_may_stay() -> None:
    async with House(config={"limits": {"unauthenticated_timeout": "30s"}}) as house:
        client = await house.login("anna/a")
        house.clock.advance(31)
        await client.expect_nothing()
        assert client.line.is_open


async def test_each_has_time_of_its_own() -> None:
    async with House(config={"limits": {"unauthenticated_timeout": "30s"}}) as house:
        old = await connect(house)
        house.clock.advance(20)
        young = await connect(house)
        house.clock.advance(15)
        await expect_end(old, "connection-timeout")
        await young.expect_nothing()
        assert young.line.is_open


# -- silence (RFC 6120 §4.6) --


async def test_a_silent_client_is_asked() -> None:
    async with House(config=IDLE) as house:
        client = await house.login("anna/a")
        await wait(house, 60)
        await client.expect_nothing()
        await wait(house, 2 * ROUNDS)
        question = await client.expect(PING)
        await client.expect_nothing()
        await client.send(f"<iq type='result' id='{question.get('id')}' to='example.org'/>")
        await wait(house, int(SILENCE))
        assert client.line.is_open


async def test_a_silent_client_with_stream_management_is_asked_for_more() -> None:
    async with House(config=IDLE) as house:
        client = await house.login("anna/a")
        await enable(client)
        await wait(house, 60 + 2 * ROUNDS)
        await client.expect(f"<r xmlns='{SM}'/>")
        await client.send(f"<a xmlns='{SM}' h='0'/>")
        await wait(house, 50)
        assert client.line.is_open


async def test_white_space_is_a_sign_of_life() -> None:
    """RFC 6120 §4.6.1."""
    async with House(config=IDLE) as house:
        client = await house.login("anna/a")
        for _ in range(5):
            await wait(house, 30)
            await client.send(" ")
        await client.expect_nothing()


async def test_no_answer_means_no_connection() -> None:
    """RFC 6120 §4.6.3: "consider the stream to be dead"."""
    async with House(config=IDLE) as house:
        other = await house.online("anna/other")
        client = await house.online("anna/a")
        other.take_all()
        for _ in range(8):
            await wait(house, 20)
            await other.send(" ")
        assert not client.line.is_open
        await other.expect("<presence type='unavailable' from='anna@example.org/a'/>")
        assert other.line.is_open


async def test_where_nobody_is_asked() -> None:
    async with House(config={"limits": {"idle_timeout": "forever"}}) as house:
        client = await house.login("anna/a")
        for _ in range(30):
            house.clock.advance(3600)
            await house.settle()
        await client.expect_nothing()


# -- sessions without a connection --


async def test_a_session_waits_no_longer_than_it_was_promised() -> None:
    async with House(config={"stream_management": {"resume_timeout": "90s"}}) as house:
        client = await house.online("anna/a")
        await enable(client)
        client.vanish()
        sessions = house.server.sessions
        await wait(house, 90)
        assert sessions.count == 1
        await wait(house, 2)
        assert sessions.count == 0
        assert not house.server.sweep.hibernating
        assert not house.server.sweep.unconfirmed


async def test_who_resumes_and_then_says_nothing() -> None:
    """What was sent again is waited for as what was sent first (XEP-0198 §4)."""
    async with House(config=IDLE | {"stream_management": {"resume_timeout": "10m"}}) as house:
        client = await house.online("anna/a")
        name = (await enable(client)).get("id")
        client.vanish()
        ben = await house.login("ben/b")
        await ben.send("<message to='anna@example.org/a'><body>hi</body></message>")
        await wait(house, 3)
        again = await authenticate(house, "anna")
        await again.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        for _ in range(4):
            await wait(house, 20)
            await again.send(" ")
        assert not again.line.is_open


# -- bookkeeping --


async def test_departures_are_noted() -> None:
    """XEP-0012 §3: when an account was last online, also after a restart."""
    async with House() as house:
        client = await house.online("anna/a")
        await client.send("<presence type='unavailable'><status>bye</status></presence>")
        await client.close()
        gone = int(house.clock.utcnow() * 1000)
        await wait(house, DEPARTURES_EVERY)
        await house.restart()
        account = await house.server.hosts["example.org"].accounts.load(JID.of("anna@example.org"))
        assert account is not None
        assert (account.last_active, account.last_status) == (gone, "bye")


async def test_nothing_is_left_of_those_who_came_and_went() -> None:
    async with House() as house:
        for end in ("close", "vanish", "break"):
            client = await house.online(f"anna/{end}")
            await enable(client, resume=False)
            if end == "close":
                await client.close()
            elif end == "vanish":
                client.vanish()
            else:
                await client.send("<broken>></x>")
                client.vanish()
        await wait(house, 3 * ROUNDS)
        server = house.server
        assert not server.streams
        assert not server.newcomers
        assert not server.sweep.unconfirmed
        assert not server.sweep.overflowed
        assert not server.sweep.hibernating
        assert server.sessions.count == 0
        assert not server.hosts["example.org"].accounts.active()
