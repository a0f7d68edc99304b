"""Contacts who answered presence with an error are spared (RFC 6121 §4.4.2)."""

from __future__ import annotations

from tests.harness.house import House
from tests.server.presence.test_subscriptions import befriend

ERROR = (
    "<presence type='error' to='{}'><error type='cancel'>"
    "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
)


async def test_no_more_updates_for_who_failed() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await ben.send(ERROR.format("anna@example.org/a"))
        await anna.expect("<presence type='error' from='ben@example.org/b'/>")
        await anna.send("<presence><show>away</show></presence>")
        await anna.send("<presence type='unavailable'/>")
        await ben.expect_nothing()
        anna.vanish()
        anna = await house.online("anna/a")
        await ben.expect("<presence from='anna@example.org/a' type=''/>")


async def test_errors_of_strangers_leave_no_trace() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(ERROR.format("anna@example.org/a"))
        assert anna.session.state is None
