"""XEP-0172: a nickname is a node like any other, and goes along where clients put it."""

from tests.extensions.pubsub.people import (
    EVERYTHING,
    arrive,
    ask,
    befriend,
    condition,
    events,
    publish,
)
from tests.harness.house import House

NS = "http://jabber.org/protocol/nick"
NICK = f"<nick xmlns='{NS}'>Ishmael</nick>"


async def test_contacts_are_told_of_a_nickname() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "narrator", "starbuck")
        starbuck = await arrive(house, "starbuck/pequod", NS)
        narrator = await arrive(house, "narrator/pequod")
        starbuck.take_all()
        assert condition(await publish(narrator, NS, f"<item>{NICK}</item>")) == ""
        (event,) = events(starbuck)
        assert event[0].get("node") == NS
        assert event[0][0].findtext(f"{{{NS}}}nick") == "Ishmael"


async def test_the_last_one_is_there_for_who_comes_later() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "narrator", "starbuck")
        narrator = await arrive(house, "narrator/pequod")
        for name in ("Narrator", "Ishmael"):
            await publish(narrator, NS, f"<item><nick xmlns='{NS}'>{name}</nick></item>")
        starbuck = await arrive(house, "starbuck/pequod", NS)
        (event,) = events(starbuck)
        assert event[0][0].findtext(f"{{{NS}}}nick") == "Ishmael"
        answer = await ask(starbuck, "get", f"<items node='{NS}'/>", narrator.jid.bare)
        assert len(answer[0][0]) == 1


async def test_a_request_for_a_subscription_carries_it() -> None:
    """§4.1."""
    async with House(EVERYTHING) as house:
        starbuck = await arrive(house, "starbuck/pequod")
        narrator = await arrive(house, "narrator/pequod")
        starbuck.take_all()
        await narrator.send(
            f"<presence to='starbuck@example.org' type='subscribe'>{NICK}</presence>"
        )
        request = await starbuck.next()
        assert request.get("type") == "subscribe"
        assert request.findtext(f"{{{NS}}}nick") == "Ishmael"
