"""The address of the service: messages to it, and news that come back (XEP-0060 §12.4)."""

import pytest

from tests.extensions.pubsub.people import (
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    condition,
    item,
    item_ids,
    publish,
)
from tests.harness.house import House

NODE = "letters"


@pytest.mark.parametrize(
    ("reason", "stays"),
    [("gone", False), ("item-not-found", False), ("service-unavailable", True), ("conflict", True)],
)
async def test_who_is_gone_is_told_nothing_more(reason: str, stays: bool) -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        ben = await arrive(house, "ben/garden")
        await ask(anna, "set", f"<create node='{NODE}'/>", SERVICE)
        text = f"<subscribe node='{NODE}' jid='ben@example.org'/>"
        await ask(ben, "set", text, SERVICE)
        await publish(anna, NODE, item("a"), SERVICE)
        (news,) = [each for each in ben.take_all() if each.tag.endswith("message")]
        cond = f"<{reason} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        error = f"<error type='cancel'>{cond}</error></message>"
        number = news.get("id")
        # Somebody else's word does not count.
        await anna.send(f"<message type='error' id='{number}' to='{SERVICE}'>{error}")
        await publish(anna, NODE, item("b"), SERVICE)
        assert item_ids(ben) == ["b"]
        await ben.send(f"<message type='error' id='nonsense' to='{SERVICE}'>{error}")
        await ben.send(f"<message type='error' id='{number}' to='{SERVICE}'>{error}")
        await publish(anna, NODE, item("c"), SERVICE)
        assert item_ids(ben) == (["c"] if stays else [])


async def test_messages_are_not_for_the_service() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        anna.take_all()
        await anna.send(f"<message to='{SERVICE}'><body>hi</body></message>")
        assert condition(anna.take_all()[0]) == "service-unavailable"
        await anna.send(f"<presence to='{SERVICE}'/>")
        await anna.expect_nothing()
