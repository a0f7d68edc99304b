"""The short way of presence, and where it must not lead."""

from __future__ import annotations

from server.jid import JID
from server.roster.item import RosterItem, State
from tests.harness.house import House
from tests.server.presence.test_subscriptions import befriend

ANNA, BEN = JID.of("anna@example.org"), JID.of("ben@example.org")


async def test_both_rosters_must_agree() -> None:
    """What a contact has not asked for is not delivered to him (§4.2.3)."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        anna.session.account.roster.note(BEN, RosterItem(BEN, state=State.BOTH))
        await anna.send("<presence><show>away</show></presence>")
        await ben.expect_nothing()


async def test_a_roster_that_has_lost_a_subscription_is_mended() -> None:
    """Anna thinks she sees Ben, whose roster does not know: she learns that she does not."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        anna.session.account.roster.note(BEN, RosterItem(BEN, state=State.TO))
        await anna.send("<presence/>")
        assert anna.session.account.roster.state(BEN) is State.NONE
        await ben.expect_nothing()


async def test_every_device_of_a_contact() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/1")
        await befriend(anna, ben)
        other, hidden = await house.online("ben/2"), await house.login("ben/3")
        ben.take_all()
        anna.take_all()
        await anna.send("<presence><show>away</show></presence>")
        for client in (ben, other):
            await client.expect("<presence from='anna@example.org/a' to='ben@example.org'/>")
        await hidden.expect_nothing()
        await anna.send("<presence type='unavailable'/>")
        anna.take_all()
        await anna.send("<presence/>")
        await anna.expect("<presence from='anna@example.org/a'/>")
        await anna.expect_all(
            "<presence from='ben@example.org/1' to='anna@example.org/a'/>",
            "<presence from='ben@example.org/2' to='anna@example.org/a'/>",
        )
        await anna.expect_nothing()


async def test_hosts_of_one_server_know_each_other() -> None:
    async with House(domains=("example.org", "example.net")) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben@example.net/b")
        await befriend(anna, ben)
        await anna.send("<presence><show>away</show></presence>")
        await ben.expect("<presence from='anna@example.org/a' to='ben@example.net'/>")
        await ben.close()
        await anna.expect("<presence from='anna@example.org/a'/>")
        await anna.expect("<presence type='unavailable' from='ben@example.net/b'/>")


async def test_a_veil_hides_both_from_each_other() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        anna.session.account.roster.veil(lambda jid: jid.bare == BEN)
        await ben.send("<presence/>")
        await anna.expect_nothing()
        ben.take_all()
        await anna.send("<presence type='unavailable'/>")
        await anna.send("<presence/>")
        await ben.expect_nothing()
        assert all(e.get("from") == anna.jid for e in anna.take_all())
