"""XEP-0060 §8.9: owners say who is what."""

import pytest

from tests.extensions.pubsub.elsinore import (
    NODE,
    affiliate,
    affiliated,
    owner_of,
    subscribe,
)
from tests.extensions.pubsub.people import (
    EVERYTHING,
    OWNER,
    SERVICE,
    arrive,
    ask,
    condition,
    events,
    item,
    item_ids,
    publish,
)
from tests.harness.house import House


async def test_affiliations_count_at_once_and_after_a_restart() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="whitelist")
        horatio = await arrive(house, "horatio/sea")
        request = f"<items node='{NODE}'/>"
        assert condition(await ask(horatio, "get", request, SERVICE)) == "not-allowed closed-node"
        assert await affiliate(hamlet, ("horatio", "member"), ("yorick", "publisher")) == ""
        assert condition(await ask(horatio, "get", request, SERVICE)) == ""
        assert condition(await publish(horatio, NODE, item("a"), SERVICE)) == "forbidden"
        people = {"hamlet": "owner", "horatio": "member", "yorick": "publisher"}
        assert await affiliated(hamlet) == people
        await house.restart()
        hamlet = await arrive(house, "hamlet/elsinore")
        yorick = await arrive(house, "yorick/grave")
        assert await affiliated(hamlet) == people
        assert condition(await publish(yorick, NODE, item("a"), SERVICE)) == ""
        assert await affiliate(hamlet, ("yorick", "none"), ("horatio", "owner")) == ""
        assert condition(await publish(yorick, NODE, item("b"), SERVICE)) == "forbidden"
        # "Owner resigns", as there is another one
        assert await affiliate(hamlet, ("hamlet", "none")) == ""
        assert condition(await publish(hamlet, NODE, item("b"), SERVICE)) == "forbidden"


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([("hamlet", "none")], "not-acceptable"),
        ([("hamlet", "none"), ("horatio", "owner")], ""),
        ([("horatio", "member"), ("horatio", "owner")], "bad-request"),
        ([("horatio", "king")], "feature-not-implemented unsupported"),
        ([("@", "member")], "bad-request invalid-jid"),
    ],
)
async def test_changes_of_affiliations(people: list[tuple[str, str]], expected: str) -> None:
    """§8.9.2.4: never without an owner."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        assert await affiliate(hamlet, *people) == expected
        if expected:
            assert await affiliated(hamlet) == {"hamlet": "owner"}


async def test_an_account_keeps_its_nodes() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        await publish(anna, "urn:x", item("a"))
        entries = "<affiliation jid='anna@example.org' affiliation='none'/>"
        text = f"<affiliations node='urn:x'>{entries}</affiliations>"
        assert condition(await ask(anna, "set", text, "", owner=True)) == "not-acceptable"


async def test_outcasts_lose_their_subscriptions_and_members_need_not_wait() -> None:
    """§8.7.4."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="authorize")
        clients = [await arrive(house, f"{name}/x") for name in ("horatio", "claudius")]
        for client in clients:
            await subscribe(client)
        await affiliate(hamlet, ("horatio", "member"), ("claudius", "outcast"))
        assert [events(client)[0][0].get("subscription") for client in clients] == [
            "subscribed",
            "none",
        ]
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert [item_ids(client) for client in clients] == [["a"], []]
        text = f"<subscribe node='{NODE}' jid='claudius@example.org'/>"
        assert condition(await ask(clients[1], "set", text, SERVICE)) == "forbidden"


@pytest.mark.parametrize(
    ("before", "after", "is_possible"),
    [
        ("outcast", "owner", True), ("member", "publisher", True), ("publisher", "owner", True),
        ("publisher", "none", True), ("publisher", "outcast", True), ("owner", "none", True),
        ("publisher", "member", False), ("owner", "member", False), ("owner", "outcast", False),
        ("owner", "publisher", False), ("owner", "owner", True), ("publish-only", "member", True),
    ],
)  # fmt: skip
async def test_the_state_chart(before: str, after: str, is_possible: bool) -> None:
    """§8.9.2.4: "a MUST-IMPLEMENT set of rules for checking possible state transitions"."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        assert await affiliate(hamlet, ("horatio", before)) == ""
        assert await affiliate(hamlet, ("horatio", after)) == (
            "" if is_possible else "not-acceptable"
        )
        expected = after if is_possible else before
        assert (await affiliated(hamlet)).get("horatio", "none") == expected


async def test_what_cannot_be_changed_is_returned_and_the_rest_is_changed() -> None:
    """§8.9.2.4, the example as it is printed."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        await affiliate(hamlet, ("polonius", "member"))
        entries = "".join(
            f"<affiliation jid='{name}@example.org' affiliation='{each}'/>"
            for name, each in (("hamlet", "none"), ("polonius", "none"), ("bard", "publisher"))
        )
        hamlet.take_all()
        await hamlet.send(
            f"<iq type='set' to='{SERVICE}' id='ent3'><pubsub xmlns='{OWNER}'>"
            f"<affiliations node='{NODE}'>{entries}</affiliations></pubsub></iq>"
        )
        await hamlet.expect(
            f"<iq type='error' from='{SERVICE}' to='hamlet@example.org/elsinore' id='ent3'>"
            f"<pubsub xmlns='{OWNER}'><affiliations node='{NODE}'>"
            "<affiliation jid='hamlet@example.org' affiliation='owner'/>"
            "</affiliations></pubsub><error type='modify'>"
            "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
        assert await affiliated(hamlet) == {"hamlet": "owner", "bard": "publisher"}


async def test_publishers_purge_and_members_do_not() -> None:
    """§4.1, the table: whoever may delete each item may delete all."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        people = ("publisher", "publish-only", "member")
        await affiliate(hamlet, *((each, each) for each in people))
        answers = []
        for each in people:
            client = await arrive(house, f"{each}/x")
            answers.append(
                condition(await ask(client, "set", f"<purge node='{NODE}'/>", SERVICE, owner=True))
            )
        assert answers == ["", "forbidden", "forbidden"]
