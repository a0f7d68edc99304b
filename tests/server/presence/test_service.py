"""Presence as clients see it (RFC 6121 §4), with a whole server around."""

from __future__ import annotations

from server.extension import Extension, Inbound, Phase, Verdict, Wire
from tests.harness.house import House
from tests.server.presence.test_subscriptions import befriend

A, B = "anna@example.org/a", "ben@example.org/b"


def seen(sender: str, to: str, inside: str = "", type_: str = "") -> str:
    return f"<presence from='{sender}' to='{to}' type='{type_}'>{inside}</presence>"


# -- broadcast (§4.2, §4.4, §4.5) --


async def test_initial_presence_is_exchanged_once() -> None:
    """§4.2.2, §4.3: the broadcast reaches those online, the newcomer learns how they are."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await ben.send("<presence><show>dnd</show></presence>")
        await anna.send("<presence type='unavailable'/>")
        anna.take_all()
        ben.take_all()
        await anna.send("<presence id='p'><status>back</status></presence>")
        await ben.expect(seen(A, "ben@example.org", "<status>back</status>"))
        await ben.expect_nothing()
        await anna.expect("<presence id='p' from='anna@example.org/a' to='anna@example.org/a'/>")
        await anna.expect(seen(B, A, "<show>dnd</show>"))
        await anna.expect_nothing()


async def test_update_reaches_subscribers_and_oneself() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        carl = await house.online("carl/c")
        await anna.send("<presence><show>away</show></presence>")
        await ben.expect(seen(A, "ben@example.org", "<show>away</show>"))
        await anna.expect(seen(A, A, "<show>away</show>"))
        for client in (anna, ben, carl):
            await client.expect_nothing()


async def test_own_devices_learn_of_each_other() -> None:
    async with House() as house:
        one = await house.online("anna/1")
        two = await house.login("anna/2")
        await two.send("<presence><show>xa</show></presence>")
        await one.expect(seen("anna@example.org/2", "anna@example.org/1", "<show>xa</show>"))
        await two.expect_all(
            seen("anna@example.org/2", "anna@example.org/2"),
            seen("anna@example.org/1", "anna@example.org/2"),
        )
        await two.send("<presence type='unavailable'/>")
        gone = "anna@example.org/2"
        await one.expect(seen(gone, "anna@example.org/1", type_="unavailable"))
        await two.expect(seen(gone, gone, type_="unavailable"))


async def test_unavailable() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await anna.send("<presence type='unavailable'><status>bye</status></presence>")
        await ben.expect(seen(A, "ben@example.org", "<status>bye</status>", type_="unavailable"))
        assert anna.session.account.last_status == "bye"
        await anna.send("<presence type='unavailable'/>")
        await ben.expect_nothing()


async def test_the_end_without_goodbye() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        anna.vanish()
        await ben.expect(seen(A, "ben@example.org", type_="unavailable"))
        await ben.expect_nothing()


async def test_a_contact_who_is_not_subscribed_is_not_told() -> None:
    """One direction only: to and from."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send("<presence type='subscribe' to='ben@example.org'/>")
        await ben.send("<presence type='subscribed' to='anna@example.org'/>")
        anna.take_all()
        ben.take_all()
        await anna.send("<presence><show>away</show></presence>")
        await ben.expect_nothing()
        await ben.send("<presence><show>away</show></presence>")
        await anna.expect(seen(A, A))
        await anna.expect(seen(B, "anna@example.org", "<show>away</show>"))


async def test_offline_contacts_cost_nothing_and_say_nothing() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        ben.vanish()
        anna.vanish()
        anna = await house.login("anna/a")
        await anna.send("<presence/>")
        await anna.expect(seen(A, A))
        await anna.expect_nothing()


async def test_presence_comes_after_a_restart() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await house.restart()
        anna, ben = await house.online("anna/a"), await house.login("ben/b")
        await ben.send("<presence/>")
        await ben.expect_all(seen(B, B), seen(A, B))
        await anna.expect(seen(B, "anna@example.org"))


async def test_unknown_types_are_refused() -> None:
    async with House() as house:
        anna = await house.online("anna/a")
        for stanza in (
            "<presence type='sleepy'/>", "<presence type='sleepy' to='ben@example.org'/>",
            "<presence type='subscribe'/>",
        ):  # fmt: skip
            await anna.send(stanza)
            await anna.expect(
                "<presence type='error'><error type='modify'>"
                "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
            )


# -- priority (§4.7.2.3) --


async def test_messages_wait_for_a_priority_that_is_not_negative() -> None:
    async with House() as house:
        ben = await house.login("ben/b")
        await house.add_user("anna")
        await ben.send("<message to='anna@example.org' type='chat'><body>hi</body></message>")
        anna = await house.login("anna/a")
        await anna.send("<presence><priority>-1</priority></presence>")
        await anna.expect(seen(A, A))
        await anna.expect_nothing()
        await anna.send("<presence><priority>5</priority></presence>")
        await anna.expect(seen(A, A))
        await anna.expect("<message from='ben@example.org/b'><body>hi</body></message>")
        assert anna.session.priority == 5


# -- directed presence (§4.6) --


async def test_directed_presence_is_taken_back_at_the_end() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send("<presence to='ben@example.org/b'><show>chat</show></presence>")
        await ben.expect(seen(A, B, "<show>chat</show>"))
        await anna.send("<presence><show>away</show></presence>")
        await ben.expect_nothing()
        anna.vanish()
        await ben.expect(seen(A, B, type_="unavailable"))
        await ben.expect_nothing()


async def test_directed_unavailable_is_said_once() -> None:
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        await anna.send("<presence to='ben@example.org'/>")
        await ben.expect(seen(A, "ben@example.org"))
        await anna.send("<presence to='ben@example.org' type='unavailable'/>")
        await ben.expect(seen(A, "ben@example.org", type_="unavailable"))
        await anna.close()
        await ben.expect_nothing()


async def test_directed_to_a_subscriber_ends_with_the_broadcast() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await anna.send("<presence to='ben@example.org/b'/>")
        ben.take_all()
        await anna.send("<presence type='unavailable'/>")
        await ben.expect(seen(A, "ben@example.org", type_="unavailable"))
        await ben.expect_nothing()


# -- probes (§4.3) --


async def test_probe_by_a_subscriber() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await anna.send("<presence type='probe' to='ben@example.org'/>")
        await anna.expect(seen(B, A))
        ben.vanish()
        anna.take_all()
        await anna.send("<presence type='probe' to='ben@example.org'/>")
        await anna.expect(seen("ben@example.org", A, type_="unavailable"))


async def test_probe_by_a_stranger() -> None:
    """§4.3.2: the answer is for his server, and who exists and who does not look the same."""
    async with House() as house:
        anna = await house.online("anna/a")
        await house.online("ben/b")
        for who in ("ben@example.org", "nobody@example.org"):
            await anna.send(f"<presence type='probe' to='{who}'/>")
            await anna.expect_nothing()


# -- taps --


class Wall(Extension):
    """Lets no presence through to ben."""

    name = "wall"

    def wires(self) -> tuple[Wire, ...]:
        return (Inbound(Phase.GUARD, self.stop_it, kind="presence"),)

    def stop_it(self, account: object, stanza: object) -> Verdict | None:
        return Verdict.DROP if account.jid.local == "ben" else None  # type: ignore[attr-defined]


async def test_taps_see_presence_that_takes_the_short_way() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        house.extend(Wall)
        await house.restart()
        anna, ben = await house.online("anna/a"), await house.login("ben/b")
        await ben.send("<presence/>")
        await ben.expect(seen(B, B))
        await anna.expect(seen(B, "anna@example.org"))
        await anna.send("<presence><show>away</show></presence>")
        await anna.send("<presence type='unavailable'/>")
        await ben.expect_nothing()
