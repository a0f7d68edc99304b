"""XEP-0060 §8.2, §8.3: owners configure their nodes."""

import pytest

from tests.extensions.pubsub.elsinore import (
    NODE,
    X,
    configure,
    configured,
    owner_of,
    stored,
    subscribe,
)
from tests.extensions.pubsub.people import (
    EVENT,
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    condition,
    events,
    item,
    publish,
)
from tests.harness.house import House


async def test_a_node_is_configured_and_stays_so() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        before = await configured(hamlet)
        assert before["access_model"] == "open"
        assert before["FORM_TYPE"].endswith("#node_config")
        assert await configure(hamlet, title="Musings", max_items="max") == ""
        await house.restart()
        hamlet = await arrive(house, "hamlet/elsinore")
        after = await configured(hamlet)
        assert after == {**before, "title": "Musings", "max_items": "max"}


async def test_a_cancelled_form_changes_nothing() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        cancel = f"<configure node='{NODE}'><x xmlns='jabber:x:data' type='cancel'/></configure>"
        assert condition(await ask(hamlet, "set", cancel, SERVICE, owner=True)) == ""


@pytest.mark.parametrize(
    ("who", "text", "expected"),
    [
        ("francisco", f"<configure node='{NODE}'/>", "forbidden"),
        ("hamlet", "<configure node='other'/>", "item-not-found"),
        ("hamlet", "<configure/>", "bad-request nodeid-required"),
        ("francisco", f"<affiliations node='{NODE}'/>", "forbidden"),
        ("francisco", f"<subscriptions node='{NODE}'/>", "forbidden"),
        ("hamlet", "<subscriptions node='other'/>", "item-not-found"),
        ("hamlet", "<nonsense/>", "feature-not-implemented unsupported"),
        ("hamlet", "<default type='collection'/>", "feature-not-implemented unsupported"),
    ],
)
async def test_requests_that_fail(who: str, text: str, expected: str) -> None:
    async with House(EVERYTHING) as house:
        await owner_of(house)
        client = await arrive(house, f"{who}/x")
        assert condition(await ask(client, "get", text, SERVICE, owner=True)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"access_model": "closed"}, "not-acceptable unsupported-access-model"),
        ({"node_type": "collection"}, "not-acceptable"),
        ({"persist_items": "perhaps"}, "bad-request"),
        ({"nonsense": "1"}, ""),
    ],
)
async def test_forms_that_cannot_be_taken(fields: dict[str, str], expected: str) -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        assert await configure(hamlet, **fields) == expected


async def test_the_defaults_are_told() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        for to, model in ((SERVICE, "open"), ("", "presence")):
            answer = await ask(anna, "get", "<default/>", to, owner=True)
            values = {
                field.get("var"): field.findtext(f"{X}value") for field in answer.iter(f"{X}field")
            }
            assert values["pubsub#access_model"] == model


async def test_subscribers_learn_of_a_new_configuration() -> None:
    """§8.2.5.3: "it MUST consist of an empty <configuration/>", or the form with payloads."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, notify_config="1")
        francisco = await arrive(house, "francisco/x")
        await subscribe(francisco)
        await configure(hamlet, title="A")
        (event,) = events(francisco)
        assert event.find(f"{{{EVENT}}}configuration/{X}x") is not None
        await configure(hamlet, deliver_payloads="0")
        (event,) = events(francisco)
        assert len(event[0]) == 0
        await configure(hamlet, deliver_payloads="0")
        assert events(francisco) == []


async def test_a_smaller_node_loses_its_oldest_items() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        for name in "abcd":
            await publish(hamlet, NODE, item(name), SERVICE)
        await configure(hamlet, max_items="2")
        assert await stored(hamlet) == ["c", "d"]
        await publish(hamlet, NODE, item("e"), SERVICE)
        assert await stored(hamlet) == ["d", "e"]
        await configure(hamlet, persist_items="0")
        await configure(hamlet, persist_items="1")
        assert await stored(hamlet) == []
