"""XEP-0060 §5.1 to §5.5, XEP-0163 §6: what places and nodes say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.payloads import info
from extensions.pubsub import discovery, store
from extensions.pubsub.configuration import SETTINGS
from extensions.pubsub.terms import AccessModel, Affiliation
from extensions.pubsub.verbs import VERBS
from tests.extensions.pubsub.people import (
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    bare,
    befriend,
    condition,
    form,
    item,
    options,
    publish,
)
from tests.harness.house import Client, House

if TYPE_CHECKING:
    from server.element import Element

ITEMS = "http://jabber.org/protocol/disco#items"
NS = "http://jabber.org/protocol/pubsub"

#: What clients want to see before they use personal eventing: Monal, Gajim, Smack.
WANTED = (
    "filtered-notifications", "publish-options", "publish", "subscribe", "create-nodes",
    "delete-items", "delete-nodes", "persistent-items", "retrieve-items", "auto-create",
    "item-ids", "multi-items", "config-node-max", "auto-subscribe", "access-presence",
    "config-node", "create-and-configure", "last-published", "retract-items", "purge-nodes",
    "access-open", "access-whitelist",
)  # fmt: skip


#: What is announced, and the request that shows it (XEP-0060 §10).
SHOWN = {
    "publish": "set publish", "retract-items": "set retract", "delete-items": "set retract",
    "create-nodes": "set create", "create-and-configure": "set create",
    "instant-nodes": "set create", "subscribe": "set subscribe",
    "subscription-options": "set options", "leased-subscription": "set options",
    "retrieve-default-sub": "get default", "retrieve-subscriptions": "get subscriptions",
    "retrieve-affiliations": "get affiliations", "retrieve-items": "get items",
    "config-node": "set owner configure", "retrieve-default": "get owner default",
    "modify-affiliations": "set owner affiliations",
    "manage-subscriptions": "set owner subscriptions", "delete-nodes": "set owner delete",
    "purge-nodes": "set owner purge",
}  # fmt: skip
#: Those that are choices of a form, by the field that makes the choice.
CHOSEN = {
    "persistent-items": "persist_items", "multi-items": "max_items",
    "config-node-max": "max_items", "publish-node-full": "publish_node_full",
    "presence-notifications": "presence_based_delivery",
    "last-published": "send_last_published_item",
}  # fmt: skip
#: Ways of behaving; each has tests of its own.
BEHAVED = frozenset((
    "auto-create", "auto-subscribe", "filtered-notifications", "item-ids", "meta-data",
    "presence-subscribe", "publish-options", "pubsub-on-a-jid", "rsm",
    "subscription-notifications",
))  # fmt: skip


def test_what_is_announced_is_there_and_what_is_there_is_announced() -> None:
    models = {f"access-{model}" for model in AccessModel}
    others = set(Affiliation) - {Affiliation.OWNER, Affiliation.NONE}
    affiliations = {f"{affiliation}-affiliation" for affiliation in others}
    announced = {each.removeprefix(f"{NS}#") for each in discovery.PERSONAL_FEATURES} - {NS}
    assert announced == models | affiliations | SHOWN.keys() | CHOSEN.keys() | BEHAVED
    assert set(CHOSEN.values()) <= SETTINGS.keys()
    verbs = {
        f"{type_} {'owner ' if '#owner' in tag else ''}{tag.rpartition('}')[2]}"
        for type_, tag in VERBS
    }
    # The way back, and the questions, go along with these.
    along = {"set unsubscribe", "get options", "get owner configure", "get owner affiliations"}
    assert verbs == set(SHOWN.values()) | along | {"get owner subscriptions"}


async def disco(
    client: Client, namespace: str, to: str = "", node: str = "", page: str = ""
) -> Element:
    named = f" node='{node}'" if node else ""
    address = f" to='{to}'" if to else ""
    query = f"<query xmlns='{namespace}'{named}>{page}</query>"
    client.take_all()
    await client.send(f"<iq type='get' id='disco'{address}>{query}</iq>")
    (answer,) = [each for each in client.take_all() if each.get("id") == "disco"]
    return answer


async def nodes(client: Client, to: str, page: str = "") -> list[str]:
    answer = await disco(client, ITEMS, to, page=page)
    found = [each.get("node") for each in answer[0] if each.tag == f"{{{ITEMS}}}item"]
    return [node for node in found if node]


async def test_accounts_are_services() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        for to in ("", "juliet@example.org"):
            said = info.parse((await disco(juliet, info.NS, to))[0])
            assert ("pubsub", "pep") in [(each.category, each.type) for each in said.identities]
            assert {f"{NS}#{name}" for name in WANTED} <= set(said.features)
        said = info.parse((await disco(juliet, info.NS, "example.org"))[0])
        assert ("pubsub", "pep") in [(each.category, each.type) for each in said.identities]
        assert f"{NS}#publish-options" in said.features


async def test_the_service_is_found_and_says_what_it_is() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        listed = await disco(anna, ITEMS, "example.org")
        assert SERVICE in [each.get("jid") for each in listed[0]]
        said = info.parse((await disco(anna, info.NS, SERVICE))[0])
        assert [(each.category, each.type) for each in said.identities] == [("pubsub", "service")]
        assert NS in said.features
        assert f"{NS}#auto-create" not in said.features
        ping = "<iq type='get' id='p' to='pubsub.example.org'><ping xmlns='urn:xmpp:ping'/></iq>"
        await anna.send(ping)
        assert condition(anna.take_all()[-1]) == ""


async def test_nodes_that_somebody_may_know() -> None:
    """XEP-0163 §6.2."""
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        for model in ("open", "presence", "whitelist", "authorize"):
            await publish(juliet, f"urn:{model}", item(), "", options(access_model=model))
        everything = ["urn:authorize", "urn:open", "urn:presence", "urn:whitelist"]
        assert await nodes(juliet, "") == everything
        romeo = await arrive(house, "romeo/orchard")
        assert await nodes(romeo, bare("juliet")) == everything[:3]
        tybalt = await arrive(house, "tybalt/street")
        assert await nodes(tybalt, bare("juliet")) == everything[:2]
        assert await nodes(tybalt, bare("nobody")) == []


async def test_a_node_tells_about_itself() -> None:
    """§5.3, §5.4."""
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        config = form("node_config", title="Letters", type="urn:example", max_items="7")
        text = f"<create node='letters'/><configure>{config}</configure>"
        assert condition(await ask(anna, "set", text, SERVICE)) == ""
        said = info.parse((await disco(anna, info.NS, SERVICE, "letters"))[0])
        assert [(each.category, each.type) for each in said.identities] == [("pubsub", "leaf")]
        (about,) = said.forms
        assert about.form_type == f"{NS}#meta-data"
        told = {field.var.removeprefix("pubsub#"): field.values for field in about.fields}
        assert told["title"] == ("Letters",)
        assert told["creator"] == ("anna@example.org",)
        assert told["owner"] == ("anna@example.org",)
        assert told["max_items"] == ("7",)
        assert told["num_subscribers"] == ("0",)
        assert told["creation_date"][0].startswith("2023-11-14T")
        missing = await disco(anna, info.NS, SERVICE, "none")
        assert condition(missing) == "item-not-found"


@pytest.mark.parametrize("to", [SERVICE, ""])
async def test_items_are_listed_by_name(to: str) -> None:
    """§5.5: "the item MUST NOT possess a 'node' attribute"."""
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        if to:
            await ask(anna, "set", "<create node='letters'/>", to)
        await publish(anna, "letters", item("a"), to)
        answer = await disco(anna, ITEMS, to, "letters")
        (found,) = answer[0]
        assert found.get("name") == "a"
        assert found.get("node") is None
        said = info.parse((await disco(anna, info.NS, to, "letters"))[0])
        assert ("pubsub", "leaf") in [(each.category, each.type) for each in said.identities]


async def test_ten_thousand_nodes_are_read_in_pages() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        steps = []
        for number in range(10_000):
            name, key = f"n{number:05}", house.server.ids.next(1)
            steps += store.create_node(key, 0, SERVICE, name, "anna@example.org", "{}")
        await house.database.batch(steps)
        first = await nodes(anna, SERVICE)
        assert len(first) == 1000
        page = "<set xmlns='http://jabber.org/protocol/rsm'><max>{}</max><after>{}</after></set>"
        answer = await disco(anna, ITEMS, SERVICE, page=page.format(3, "n04999"))
        assert [each.get("node") for each in answer[0]][:3] == ["n05000", "n05001", "n05002"]
        told = {child.tag.rpartition("}")[2]: child for child in answer[0][-1]}
        assert told["first"].get("index") == "5000"
        assert told["count"].text == "10000"
        assert await nodes(anna, SERVICE, page.format(9, "n09998")) == ["n09999"]
        assert await nodes(anna, SERVICE, page.format(9, "n09999")) == []
        page = page.replace("after>", "before>")
        assert await nodes(anna, SERVICE, page.format(2, "")) == ["n09998", "n09999"]
        assert await nodes(anna, SERVICE, page.format(2, "n00003")) == ["n00001", "n00002"]
        assert await nodes(anna, SERVICE, page.format(2, "n00000")) == []


async def test_pages_do_not_tell_of_hidden_nodes() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        closed = f"<configure>{form('node_config', access_model='whitelist')}</configure>"
        for name, configure in (("a", closed), ("b", ""), ("c", closed), ("d", ""), ("e", closed)):
            await ask(anna, "set", f"<create node='{name}'/>{configure}", SERVICE)
        ben = await arrive(house, "ben/garden")
        page = "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max><after>{}</after></set>"
        heard: list[str] = []
        after = ""
        while True:
            answer = await disco(ben, ITEMS, SERVICE, page=page.format(after))
            found = [each.get("node") for each in answer[0] if each.get("node")]
            told = {child.tag.rpartition("}")[2]: child for child in answer[0][-1]}
            assert told["count"].text == "2"
            if not found:
                break
            assert [told["first"].text, told["last"].text] == found * 2
            assert told["first"].get("index") == str(len(heard))
            after = found[0] or ""
            heard.append(after)
        assert heard == ["b", "d"]
        assert await nodes(anna, SERVICE) == ["a", "b", "c", "d", "e"]
