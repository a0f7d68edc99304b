"""Who gets an answer to a probe (RFC 6121 §4.3.2)."""

from __future__ import annotations

from tests.harness.house import House

PROBE = "<presence type='probe' to='{}'/>"


async def test_own_devices() -> None:
    async with House() as house:
        one, two = await house.online("anna/1"), await house.online("anna/2")
        one.take_all()
        await one.send(PROBE.format("anna@example.org"))
        await one.expect_all(
            "<presence from='anna@example.org/1' to='anna@example.org/1'/>",
            "<presence from='anna@example.org/2' to='anna@example.org/1'/>",
        )
        await two.send(PROBE.format("anna@example.org/3"))
        two.take_all()
        await one.expect_nothing()


async def test_who_was_told_directly_may_ask_again() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send("<presence to='ben@example.org'><show>chat</show></presence>")
        ben.take_all()
        await ben.send(PROBE.format("anna@example.org"))
        await ben.expect("<presence from='anna@example.org/a' to='ben@example.org/b'/>")


async def test_who_waits_for_an_answer_gets_none_from_the_server() -> None:
    """`unsubscribed` would be the answer no, while the user still sees the request."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send("<presence type='subscribe' to='anna@example.org'/>")
        ben.take_all()
        await ben.send(PROBE.format("anna@example.org"))
        await ben.expect_nothing()
        await anna.expect("<presence type='subscribe' from='ben@example.org'/>")
        await anna.send("<presence type='subscribed' to='ben@example.org'/>")
        await ben.expect("<presence type='subscribed'/>")
