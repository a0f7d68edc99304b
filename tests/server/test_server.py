"""The ways between hosts, and the end of all things."""

from __future__ import annotations

import pytest
from lxml import etree

from server.config import load
from server.errors import StreamCondition, StreamError
from server.jid import JID
from server.server import _policy
from server.stanza import Stanza
from tests.harness.clock import FakeClock
from tests.harness.house import House
from tests.harness.loop import settle
from tests.harness.talk import BODY, SM, connect, enable, expect_end

ANNA = JID.of("anna@example.org/a")


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("example.org", "example.org"),
        ("Example.NET", "example.net"),
        ("a@example.net", "example.net"),
    ],
)
async def test_finding_a_host(name: str, domain: str) -> None:
    async with House(domains=["example.org", "example.net"]) as house:
        assert house.server.host_for(name).domain == domain


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        (None, StreamCondition.HOST_UNKNOWN),
        ("example.com", StreamCondition.HOST_UNKNOWN),
        ("sub.example.org", StreamCondition.HOST_UNKNOWN),
        ("", StreamCondition.IMPROPER_ADDRESSING),
        ("a@", StreamCondition.IMPROPER_ADDRESSING),
    ],
)
async def test_finding_none(name: str | None, condition: StreamCondition) -> None:
    async with House(domains=["example.org", "example.net"]) as house:
        with pytest.raises(StreamError) as caught:
            house.server.host_for(name)
        assert caught.value.condition is condition


@pytest.mark.parametrize(
    ("to", "heard"),
    [
        ("anna@example.org/a", ["a"]),
        ("anna@example.org/absent", ["absent"]),  # bound, though not available
        ("anna@example.org", ["a", "b"]),  # all that are available
        ("anna@example.org/gone", []),
        ("nobody@example.org/a", []),
        ("example.org", []),
        ("anna@elsewhere.example/a", []),
    ],
)
async def test_sending_what_is_addressed_already(to: str, heard: list[str]) -> None:
    async with House() as house:
        clients = {name: await house.online(f"anna/{name}") for name in ("a", "b")}
        clients["absent"] = await house.login("anna/absent")
        for client in clients.values():
            client.take_all()
        house.server.send(JID.of(to), b"<message from='example.org'/>")
        await house.settle()
        assert [name for name, client in clients.items() if client.take_all()] == heard


@pytest.mark.parametrize("kind", ["message", "presence"])
async def test_errors_for_errors_are_not_made(kind: str) -> None:
    async with House() as house:
        anna = await house.login("anna/a")
        element = etree.Element(f"{{jabber:client}}{kind}", {"type": "error"})
        house.server.route(Stanza(kind, element, JID.of("elsewhere.example"), ANNA))
        await anna.expect_nothing()


# -- the end --


async def test_everybody_is_told() -> None:
    """RFC 6120 §4.9.3.21 system-shutdown."""
    async with House() as house:
        anna, newcomer = await house.login("anna/a"), await connect(house)
        await house.restart()
        for client in (anna, newcomer):
            await expect_end(client, "system-shutdown")


async def test_what_is_acknowledged_in_the_last_moment_counts() -> None:
    """Clients are asked what they have, and given a moment to say it (XEP-0198 §4)."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await enable(anna)
        await ben.send(f"<message to='anna@example.org'>{BODY}</message>")
        await anna.expect("<message/>")

        hear = anna.hear

        def answer(data: bytes) -> None:
            hear(data)
            if b"<r xmlns='urn:xmpp:sm:3'/>" in data:
                anna.say(f"<a xmlns='{SM}' h='1'/>")

        anna.hear = answer  # type: ignore[method-assign]
        await house.restart()
        later = await house.login("anna/a")
        await later.send("<presence/>")
        await later.expect("<presence/>")
        await later.expect_nothing()


async def test_everything_is_let_go() -> None:
    async with House() as house:
        await house.online("anna/a")
        server = house.server
        await house.restart()
        assert not server.streams or all(not s.connection.is_open for s in server.streams)
        assert len(server.tasks) == 0
        assert server.sessions.count == 0


# -- what is offered --

ALL = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1")


@pytest.mark.parametrize(
    ("auth", "mechanisms", "plus"),
    [
        ({}, (*ALL, "PLAIN"), ALL),
        ({"allow_plain": False}, ALL, ALL),
        ({"mechanisms": ["SCRAM-SHA-256-PLUS"]}, (), ("SCRAM-SHA-256",)),
        ({"mechanisms": ["SCRAM-SHA-1", "SCRAM-SHA-256"]}, ("SCRAM-SHA-1", "SCRAM-SHA-256"), ()),
        (
            {"mechanisms": ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-1"]},
            ("SCRAM-SHA-1",),
            ("SCRAM-SHA-512",),
        ),
    ],
)
def test_what_is_listed_is_offered_and_nothing_else(
    auth: dict[str, object], mechanisms: tuple[str, ...], plus: tuple[str, ...]
) -> None:
    policy = _policy(load(overrides={"auth": auth}, environ={}))
    assert policy.mechanisms == mechanisms
    assert policy.bound == plus


async def test_who_does_not_read_is_looked_at_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As there may be very many of them, each with a queue that waits."""
    async with House() as house:
        anna = await house.online("anna/a")
        pauses: list[float] = []
        sleep = FakeClock.sleep

        async def noted(clock: FakeClock, seconds: float) -> None:
            pauses.append(seconds)
            await sleep(clock, seconds)

        monkeypatch.setattr(FakeClock, "sleep", noted)
        anna.line.congested = True
        waiting = house.server.tasks.spawn(house.server.room_to_write(anna.session), "waiting")
        for _ in range(7):
            await settle()
            house.clock.advance(0.5)
        assert [pause for pause in pauses if pause < 1][-4:] == [0.16, 0.32, 0.5, 0.5]
        anna.line.congested = False
        house.clock.advance(1)
        await settle()
        assert waiting.done()
