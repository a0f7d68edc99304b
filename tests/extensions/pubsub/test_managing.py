"""XEP-0060 §8.2, §8.3, §8.8, §8.9: owners configure their nodes and say who is what."""

import pytest

from extensions.pubsub.shared import MOST_OWNERS
from server.account import Account
from server.jid import JID
from tests.extensions.pubsub.people import (
    EVENT,
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    condition,
    events,
    form,
    item,
    item_ids,
    publish,
)
from tests.harness.house import Client, House

NODE = "princely_musings"
X = "{jabber:x:data}"


async def owner_of(house: House, **config: str) -> Client:
    hamlet = await arrive(house, "hamlet/elsinore")
    configure = f"<configure>{form('node_config', **config)}</configure>"
    answer = await ask(hamlet, "set", f"<create node='{NODE}'/>{configure}", SERVICE)
    assert condition(answer) == ""
    return hamlet


async def configure(client: Client, **fields: str) -> str:
    text = f"<configure node='{NODE}'>{form('node_config', **fields)}</configure>"
    return condition(await ask(client, "set", text, SERVICE, owner=True))


async def configured(client: Client) -> dict[str, str]:
    text = f"<configure node='{NODE}'/>"
    answer = await ask(client, "get", text, SERVICE, owner=True)
    return {
        field.get("var", "").removeprefix("pubsub#"): field.findtext(f"{X}value") or ""
        for field in answer.iter(f"{X}field")
    }


async def subscribe(client: Client) -> None:
    text = f"<subscribe node='{NODE}' jid='{client.jid.bare}'/>"
    assert condition(await ask(client, "set", text, SERVICE)) == ""


async def stored(client: Client) -> list[str]:
    answer = await ask(client, "get", f"<items node='{NODE}'/>", SERVICE)
    return [each.get("id", "") for each in answer[0][0]]


async def affiliate(client: Client, *people: tuple[str, str]) -> str:
    entries = "".join(
        f"<affiliation jid='{name}@example.org' affiliation='{affiliation}'/>"
        for name, affiliation in people
    )
    text = f"<affiliations node='{NODE}'>{entries}</affiliations>"
    return condition(await ask(client, "set", text, SERVICE, owner=True))


async def affiliated(client: Client) -> dict[str, str]:
    text = f"<affiliations node='{NODE}'/>"
    answer = await ask(client, "get", text, SERVICE, owner=True)
    return {
        each.get("jid", "").partition("@")[0]: each.get("affiliation", "") for each in answer[0][0]
    }


# -- configuration --


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


# -- affiliations --


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
        ([("hamlet", "member"), ("horatio", "member")], "not-acceptable"),
        ([("hamlet", "none"), ("horatio", "owner")], ""),
        ([("horatio", "member"), ("horatio", "owner")], "bad-request"),
        ([("horatio", "king")], "feature-not-implemented unsupported"),
        ([("@", "member")], "bad-request invalid-jid"),
    ],
)
async def test_changes_of_affiliations(people: list[tuple[str, str]], expected: str) -> None:
    """§8.9.2.4: all of it or nothing, and never without an owner."""
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


# -- subscriptions of others --


async def test_an_owner_changes_subscriptions() -> None:
    """§8.8."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        francisco, bernardo = [await arrive(house, f"{n}/x") for n in ("francisco", "bernardo")]
        await subscribe(francisco)
        request = f"<subscriptions node='{NODE}'>{{}}</subscriptions>"
        answer = await ask(hamlet, "get", request.format(""), SERVICE, owner=True)
        assert [each.get("jid") for each in answer[0][0]] == ["francisco@example.org"]
        delta = (
            "<subscription jid='francisco@example.org' subscription='none'/>"
            "<subscription jid='bernardo@example.org' subscription='subscribed'/>"
        )
        answer = await ask(hamlet, "set", request.format(delta), SERVICE, owner=True)
        assert condition(answer) == ""
        assert events(francisco)[0][0].get("subscription") == "none"
        assert events(bernardo)[0][0].get("subscription") == "subscribed"
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(francisco) == []
        assert item_ids(bernardo) == ["a"]
        wrong = "<subscription jid='bernardo@example.org' subscription='perhaps'/>"
        answer = await ask(hamlet, "set", request.format(wrong), SERVICE, owner=True)
        assert condition(answer) == "bad-request"


async def test_what_somebody_writes_is_never_markup_of_the_answer() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        evil = "&apos;/&gt;&lt;evil a=&apos;"
        entry = f"<affiliation jid='anna@example.org' affiliation='{evil}'/>"
        text = f"<affiliations node='{NODE}'>{entry}</affiliations>"
        answer = await ask(hamlet, "set", text, SERVICE, owner=True)
        (unsupported,) = answer.iter("{http://jabber.org/protocol/pubsub#errors}unsupported")
        assert unsupported.get("feature") == "'/><evil a='-affiliation"


async def test_who_has_lost_access_is_told_no_more() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        bernardo = await arrive(house, "bernardo/barracks")
        await subscribe(bernardo)
        assert await configure(hamlet, access_model="whitelist") == ""
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(bernardo) == []
        assert await affiliate(hamlet, ("bernardo", "member")) == ""
        await publish(hamlet, NODE, item("b"), SERVICE)
        assert item_ids(bernardo) == ["b"]
        assert await affiliate(hamlet, ("bernardo", "none")) == ""
        await publish(hamlet, NODE, item("c"), SERVICE)
        assert item_ids(bernardo) == []


async def test_many_owners_and_many_subscribers_are_not_multiplied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="presence")
        assert await affiliate(hamlet, *((f"owner{n}", "owner") for n in range(50))) == ""
        people = "".join(
            f"<subscription jid='reader{n}@example.org' subscription='subscribed'/>"
            for n in range(50)
        )
        text = f"<subscriptions node='{NODE}'>{people}</subscriptions>"
        assert condition(await ask(hamlet, "set", text, SERVICE, owner=True)) == ""
        looked = []
        accounts = house.server.hosts["example.org"].accounts
        load = accounts.load

        async def look(jid: JID) -> Account | None:
            looked.append(jid)
            return await load(jid)

        monkeypatch.setattr(accounts, "load", look)
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert len(looked) <= 3 * MOST_OWNERS  # in publishing, in making room, in telling
