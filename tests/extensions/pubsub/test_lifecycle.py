"""XEP-0060 §8.1, §8.4, §8.5: nodes are made, emptied and deleted."""

import pytest

from tests.extensions.pubsub.people import (
    EVENT,
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    bare,
    condition,
    events,
    form,
    item,
    publish,
)
from tests.harness.house import Client, House

NODE = "princely_musings"


async def create(client: Client, text: str = f"<create node='{NODE}'/>", to: str = SERVICE) -> str:
    return condition(await ask(client, "set", text, to))


async def subscribe(client: Client) -> None:
    text = f"<subscribe node='{NODE}' jid='{client.jid.bare}'/>"
    assert condition(await ask(client, "set", text, SERVICE)) == ""


@pytest.mark.parametrize("to", [SERVICE, ""])
async def test_an_instant_node_gets_a_name(to: str) -> None:
    """§8.1.1: "the service MUST specify the created NodeID in the IQ result"."""
    async with House(EVERYTHING) as house:
        hamlet = await arrive(house, "hamlet/elsinore")
        answer = await ask(hamlet, "set", "<create/>", to)
        name = answer[0][0].get("node", "")
        assert condition(await publish(hamlet, name, item(), to)) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<create node='{NODE}'/>", "conflict"),
        (f"<create node='{'n' * 1024}'/>", "bad-request"),
        ("<create node='b'/><configure node='b'/>", "bad-request"),
        ("<configure/><create node='b'/>", "bad-request"),
        ("<nonsense/>", "feature-not-implemented unsupported"),
        (
            f"<create node='b'/><configure>{form('node_config', access_model='x')}</configure>",
            "not-acceptable unsupported-access-model",
        ),
        (f"<create node='b'/><configure>{form('wrong')}</configure>", "bad-request"),
        ("<create node='b'/><configure/>", ""),
        ("", "bad-request"),
    ],
)
async def test_requests_to_create(text: str, expected: str) -> None:
    async with House(EVERYTHING) as house:
        hamlet = await arrive(house, "hamlet/elsinore")
        assert await create(hamlet) == ""
        assert await create(hamlet, text) == expected


async def test_who_may_create() -> None:
    async with House(EVERYTHING, domains=("example.org", "example.net")) as house:
        hamlet = await arrive(house, "hamlet@example.net/elsinore")
        assert await create(hamlet) == "forbidden"
        assert await create(hamlet, to="pubsub.example.net") == ""
        await house.add_user("horatio")
        assert await create(hamlet, to=bare("horatio")) == "forbidden"
    async with House(EVERYTHING, config={"pubsub": {"create": "nobody"}}) as house:
        hamlet = await arrive(house, "hamlet/elsinore")
        # "If the service does not support node creation, it MUST respond with …" (§8.1.1)
        assert await create(hamlet) == "feature-not-implemented unsupported"
        assert await create(hamlet, to="") == ""


@pytest.mark.parametrize("to", [SERVICE, ""])
async def test_too_many_nodes(to: str) -> None:
    async with House(EVERYTHING, config={"pubsub": {"nodes_per_account": 50}}) as house:
        hamlet = await arrive(house, "hamlet/elsinore")
        for number in range(50):
            assert await create(hamlet, f"<create node='n{number}'/>", to) == ""
        assert await create(hamlet, "<create node='n50'/>", to) == "resource-constraint"
        other = await arrive(house, "horatio/sea")
        assert await create(other, "<create node='n50'/>", to) == ""


async def test_a_deleted_node_is_gone_with_all_it_had() -> None:
    """§8.4: subscribers are told, "which SHOULD include pending" ones."""
    async with House(EVERYTHING) as house:
        hamlet = await arrive(house, "hamlet/elsinore")
        await create(hamlet)
        francisco = await arrive(house, "francisco/x")
        await subscribe(francisco)
        await publish(hamlet, NODE, item("a"), SERVICE)
        model = form("node_config", access_model="authorize")
        text = f"<configure node='{NODE}'>{model}</configure>"
        await ask(hamlet, "set", text, SERVICE, owner=True)
        bernardo = await arrive(house, "bernardo/x")
        await subscribe(bernardo)
        events(francisco)
        text = f"<delete node='{NODE}'><redirect uri='xmpp:elsewhere'/></delete>"
        answer = await ask(francisco, "set", text, SERVICE, owner=True)
        assert condition(answer) == "forbidden"
        assert condition(await ask(hamlet, "set", text, SERVICE, owner=True)) == ""
        for client in (francisco, bernardo):
            (event,) = events(client)
            assert event[0].tag == f"{{{EVENT}}}delete"
            assert event[0][0].get("uri") == "xmpp:elsewhere"
        assert condition(await ask(hamlet, "set", text, SERVICE, owner=True)) == "item-not-found"
        request = f"<items node='{NODE}'/>"
        assert condition(await ask(hamlet, "get", request, SERVICE)) == "item-not-found"
        assert await create(francisco) == ""
        assert len((await ask(francisco, "get", request, SERVICE))[0][0]) == 0
        assert len((await ask(hamlet, "get", "<affiliations/>", SERVICE))[0][0]) == 0


async def test_purging() -> None:
    """§8.5: one word about it, not one for each item."""
    async with House(EVERYTHING) as house:
        hamlet = await arrive(house, "hamlet/elsinore")
        await create(hamlet)
        francisco = await arrive(house, "francisco/x")
        await subscribe(francisco)
        for name in "abc":
            await publish(hamlet, NODE, item(name), SERVICE)
        events(francisco)
        purge = f"<purge node='{NODE}'/>"
        assert condition(await ask(francisco, "set", purge, SERVICE, owner=True)) == "forbidden"
        assert condition(await ask(hamlet, "set", purge, SERVICE, owner=True)) == ""
        (event,) = events(francisco)
        assert event[0].tag == f"{{{EVENT}}}purge"
        answer = await ask(hamlet, "get", f"<items node='{NODE}'/>", SERVICE)
        assert len(answer[0][0]) == 0
        transient = form("node_config", persist_items="0")
        await create(hamlet, f"<create node='t'/><configure>{transient}</configure>")
        answer = await ask(hamlet, "set", "<purge node='t'/>", SERVICE, owner=True)
        assert condition(answer) == "feature-not-implemented unsupported"
