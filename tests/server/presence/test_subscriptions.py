"""Conversations about subscriptions between two users of one server (RFC 6121 §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.house import House

if TYPE_CHECKING:
    from tests.harness.house import Client

ANNA, BEN = "anna@example.org", "ben@example.org"


def push(jid: str, state: str, ask: str = "", approved: str = "") -> str:
    return (
        "<iq type='set' id='…' from=''><query xmlns='jabber:iq:roster' ver='…'>"
        f"<item jid='{jid}' subscription='{state}' ask='{ask}' approved='{approved}'/></query></iq>"
    )


def verb(type_: str, sender: str, to: str = "…") -> str:
    return f"<presence type='{type_}' from='{sender}' to='{to}'/>"


def say(type_: str, to: str) -> str:
    return f"<presence type='{type_}' to='{to}'/>"


async def befriend(anna: Client, ben: Client) -> None:
    """Both subscribed to each other; what was said about it is forgotten."""
    for one, other in ((anna, ben), (ben, anna)):
        await one.send(say("subscribe", other.jid.bare))
        await other.send(say("subscribed", one.jid.bare))
    anna.take_all()
    ben.take_all()


async def test_request_approved() -> None:
    """§3.1: request, approval, both pushes, and the presence that follows."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send(say("subscribe", "ben@example.org/b"))
        await anna.expect(push(BEN, "none", ask="subscribe"))
        await ben.expect(verb("subscribe", ANNA, BEN))
        await ben.expect_nothing()

        await ben.send(say("subscribed", "anna@example.org/whatever"))
        await anna.expect(verb("subscribed", BEN, ANNA))
        await anna.expect(push(BEN, "to"))
        await anna.expect("<presence from='ben@example.org/b' to='anna@example.org' type=''/>")
        await anna.expect_nothing()
        await ben.expect(push(ANNA, "from"))
        await ben.expect_nothing()


async def test_both_ways() -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send(say("subscribe", BEN))
        await ben.send(say("subscribed", ANNA))
        await ben.send(say("subscribe", ANNA))
        anna.take_all()
        ben.take_all()
        await anna.send(say("subscribed", BEN))
        await anna.expect(push(BEN, "both"))
        await ben.expect(verb("subscribed", ANNA, BEN))
        await ben.expect(push(ANNA, "both"))
        await ben.expect("<presence from='anna@example.org/a' type=''/>")
        await ben.expect_nothing()


async def test_request_refused() -> None:
    """§3.2.1: the refusal of a request."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send(say("subscribe", BEN))
        anna.take_all()
        ben.take_all()
        await ben.send(say("unsubscribed", ANNA))
        await anna.expect(verb("unsubscribed", BEN, ANNA))
        await anna.expect(push(BEN, "none"))
        await anna.expect_nothing()
        await ben.expect_nothing()


async def test_every_device_is_told() -> None:
    """Requests go to available devices, pushes to interested ones (§2.2)."""
    async with House() as house:
        anna = await house.online("anna/a")
        one = await house.online("ben/1")
        silent = await house.login("ben/2")
        await silent.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        modest = await house.login("ben/3")
        await modest.send("<presence/>")
        for client in house.clients:
            client.take_all()
        await anna.send(say("subscribe", BEN))
        await one.expect(verb("subscribe", ANNA))
        await modest.expect(verb("subscribe", ANNA))
        await silent.expect_nothing()
        await silent.send(say("subscribed", ANNA))
        await one.expect(push(ANNA, "from"))
        await silent.expect(push(ANNA, "from"))
        await modest.expect_nothing()


async def test_request_waits_for_a_device() -> None:
    """§3.1.3: shown at every initial presence until it is answered, after a restart too."""
    async with House() as house:
        await house.add_user("ben")
        anna = await house.online("anna/a")
        await anna.send(
            "<presence type='subscribe' to='ben@example.org'><status>Me!</status></presence>"
        )
        await anna.expect(push(BEN, "none", ask="subscribe"))
        await house.restart()
        for resource in "12":
            ben = await house.login(f"ben/{resource}")
            await ben.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
            # "MUST NOT create a roster item" (A.1)
            assert len((await ben.expect("<iq type='result'/>"))[0]) == 0
            await ben.expect_nothing()
            await ben.send("<presence/>")
            shown = ben.take_all()
            assert any(e.get("type") == "subscribe" and e[0].text == "Me!" for e in shown)
        await ben.send(say("subscribed", ANNA))
        ben = await house.online("ben/3")
        assert b"subscribe'" not in ben.said
        anna = await house.login("anna/a")
        await anna.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        await anna.expect(
            "<iq type='result'><query xmlns='jabber:iq:roster'>"
            "<item jid='ben@example.org' subscription='to' ask=''/></query></iq>"
        )


async def test_approved_beforehand() -> None:
    """§3.4: no question is asked."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(say("subscribed", ANNA))
        await ben.expect(push(ANNA, "none", approved="true"))
        await anna.expect_nothing()
        await anna.send(say("subscribe", BEN))
        await ben.expect(push(ANNA, "from", approved="true"))
        await ben.expect_nothing()
        await anna.expect(push(BEN, "none", ask="subscribe"))
        await anna.expect(verb("subscribed", BEN, ANNA))
        await anna.expect(push(BEN, "to"))
        await anna.expect("<presence from='ben@example.org/b' type=''/>")
        await anna.expect_nothing()


async def test_a_subscriber_who_asks_again_is_answered_for_the_user() -> None:
    """§3.1.3: the server MUST auto-reply; the user is not bothered."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await anna.send(say("subscribe", BEN))
        await ben.expect_nothing()
        assert all(e.get("type") in (None, "set", "subscribed") for e in anna.take_all())


async def test_cancel_what_was_granted() -> None:
    """§3.2: the contact's subscription ends, and he is told that the user is gone for him."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await ben.send(say("unsubscribed", ANNA))
        await ben.expect(push(ANNA, "to"))
        await anna.expect(verb("unsubscribed", BEN, ANNA))
        await anna.expect(push(BEN, "from"))
        await anna.expect("<presence type='unavailable' from='ben@example.org/b'/>")
        await anna.expect_nothing()
        await ben.expect_nothing()
        await ben.send("<presence><show>away</show></presence>")
        await anna.expect_nothing()


async def test_unsubscribe() -> None:
    """§3.3: the user wants to know no more."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await anna.send(say("unsubscribe", BEN))
        await anna.expect(push(BEN, "from"))
        await anna.expect("<presence type='unavailable' from='ben@example.org/b'/>")
        await anna.expect_nothing()
        await ben.expect(verb("unsubscribe", ANNA, BEN))
        await ben.expect(push(ANNA, "to"))
        await ben.expect_nothing()


async def test_removal_ends_both_subscriptions() -> None:
    """§2.5.2."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await befriend(anna, ben)
        await anna.send(
            "<iq type='set' id='x'><query xmlns='jabber:iq:roster'>"
            "<item jid='ben@example.org' subscription='remove'/></query></iq>"
        )
        await anna.expect(push(BEN, "remove"))
        await anna.expect("<presence type='unavailable' from='ben@example.org/b'/>")
        await anna.expect("<iq type='result' id='x'/>")
        await anna.expect_nothing()
        await ben.expect(verb("unsubscribe", ANNA, BEN))
        await ben.expect(push(ANNA, "to"))
        await ben.expect(verb("unsubscribed", ANNA, BEN))
        await ben.expect(push(ANNA, "none"))
        await ben.expect("<presence type='unavailable' from='anna@example.org/a'/>")
        await ben.expect_nothing()


async def test_oneself_is_no_contact() -> None:
    async with House() as house:
        anna = await house.online("anna/a")
        await anna.send(say("subscribe", ANNA))
        await anna.expect(
            "<presence type='error'><error type='cancel'>"
            "<not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
        )
        await anna.expect_nothing()


async def test_nobody_there_to_ask() -> None:
    """§8.5.1: existence is not told; the request stays open."""
    async with House() as house:
        anna = await house.online("anna/a")
        await anna.send(say("subscribe", "nobody@example.org"))
        await anna.expect(push("nobody@example.org", "none", ask="subscribe"))
        await anna.expect_nothing()


async def test_a_full_roster_takes_nobody_more() -> None:
    async with House(config={"limits": {"max_roster_items": 1}}) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send(say("subscribe", "carl@example.org"))
        anna.take_all()
        await anna.send(say("subscribe", BEN))
        await anna.expect("<presence type='error' from='ben@example.org'/>")
        await ben.expect_nothing()


async def test_an_answer_that_nobody_waits_for_is_ignored() -> None:
    """A.3: none of these changes anything, and nobody sees it."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        for type_ in ("unsubscribe", "unsubscribed"):
            await anna.send(say(type_, BEN))
        await anna.expect_nothing()
        await ben.expect_nothing()
