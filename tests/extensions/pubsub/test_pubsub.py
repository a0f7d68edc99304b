"""What other extensions get from publish-subscribe, and what becomes of deleted accounts."""

from pathlib import Path

import pytest

from extensions.pubsub import News, PubSub
from extensions.pubsub.lifecycle import new_node, steps_of_new
from extensions.pubsub.store import list_nodes
from extensions.pubsub.terms import AccessModel, Affiliation
from server import rooms
from server.errors import Condition, StanzaError
from server.jid import JID
from server.moments import AccountDeleted
from server.storage import accounts
from tests.extensions.pubsub.people import EVERYTHING, SERVICE, arrive, ask, bare, item, publish
from tests.extensions.stage import Client, Stage, condition, open_stage
from tests.harness.house import House
from tests.harness.loop import settle

NS = "http://jabber.org/protocol/pubsub"
ROMEO = JID.of("romeo@montague.example")
NODE = "urn:xmpp:mds:displayed:0"
PAYLOAD = b"<displayed xmlns='urn:xmpp:mds:displayed:0'/>"


async def stand(stage: Stage) -> tuple[Client, PubSub]:
    romeo = await stage.login("romeo", "orchard")
    romeo.session.interests = frozenset((NODE,))
    return romeo, stage.host.service("pubsub")


async def test_publish_read_and_retract(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, pubsub = await stand(stage)
        assert await pubsub.items(ROMEO, NODE) == []
        options = {"max_items": "max", "access_model": "whitelist"}
        for name in ("a", "b", "c"):
            published = await pubsub.publish(ROMEO, NODE, name, PAYLOAD, options)
            assert published.payload == PAYLOAD
        assert [each.id for each in await pubsub.items(ROMEO, NODE)] == ["a", "b", "c"]
        assert [each.id for each in await pubsub.items(ROMEO, NODE, limit=1)] == ["c"]
        assert [each.id for each in await pubsub.items(ROMEO, NODE, ["b", "x"])] == ["b"]
        assert len(romeo.heard()) == 3
        await pubsub.retract(ROMEO, NODE, ["a", "x"])
        await pubsub.retract(ROMEO, NODE, ["b"], notify=False)
        await pubsub.retract(ROMEO, "urn:none", ["b"])
        assert [each.id for each in await pubsub.items(ROMEO, NODE)] == ["c"]
        assert len(romeo.heard()) == 1
        await pubsub.delete(ROMEO, NODE)
        await pubsub.delete(ROMEO, NODE)
        assert await pubsub.items(ROMEO, NODE) == []


async def test_what_somebody_else_may_see(tmp_path: Path) -> None:
    """Whoever answers for an account asks here, and never decides by himself."""
    async with open_stage(tmp_path) as stage:
        _, pubsub = await stand(stage)
        juliet = JID.of("juliet@montague.example")
        await pubsub.publish(ROMEO, "open", "a", PAYLOAD, {"access_model": "open"})
        await pubsub.publish(ROMEO, "closed", "a", PAYLOAD, {"access_model": "whitelist"})
        for who, node, expected in (
            (juliet, "open", ["a"]), (juliet, "closed", []), (ROMEO, "closed", ["a"]),
            (ROMEO, "none", []),
        ):  # fmt: skip
            assert [each.id for each in await pubsub.seen(ROMEO, node, who)] == expected
            assert await pubsub.may_read(ROMEO, node, who) is bool(expected)
        assert await pubsub.access(ROMEO, "open") is AccessModel.OPEN
        assert await pubsub.access(ROMEO, "none") is None


async def test_a_node_with_a_member_is_not_private(tmp_path: Path) -> None:
    """XEP-0411 §5: "the user is the only one who has access to that node"."""
    async with open_stage(tmp_path) as stage:
        romeo, pubsub = await stand(stage)
        assert await pubsub.is_private(ROMEO, NODE)  # it would be
        assert not await pubsub.is_private(ROMEO, "urn:tune")
        await pubsub.publish(ROMEO, NODE, "a", PAYLOAD)
        assert await pubsub.is_private(ROMEO, NODE)
        for affiliation, expected in (("outcast", True), ("member", False), ("none", True)):
            who = f"<affiliation jid='juliet@montague.example' affiliation='{affiliation}'/>"
            text = f"<affiliations node='{NODE}'>{who}</affiliations>"
            await romeo.ask("set", f"<pubsub xmlns='{NS}#owner'>{text}</pubsub>")
            assert await pubsub.is_private(ROMEO, NODE) is expected


async def test_who_is_interested(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, pubsub = await stand(stage)
        await stage.login("romeo", "street")
        await pubsub.publish(ROMEO, NODE, "a", PAYLOAD)
        assert await pubsub.interested(ROMEO, NODE) == [romeo.session]
        assert await pubsub.interested(ROMEO, "none") == []
        await pubsub.publish(pubsub.service.jid, "n", "a", PAYLOAD)
        assert await pubsub.interested(pubsub.service.jid, "n") == []


async def test_private_nodes_are_private_whatever_the_client_forgets(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, pubsub = await stand(stage)
        text = "<publish node='{}'><item id='a'><x xmlns='u'/></item></publish>"
        for node in ("urn:xmpp:bookmarks:1", "storage:bookmarks", NODE):
            answer = await romeo.ask("set", f"<pubsub xmlns='{NS}'>{text.format(node)}</pubsub>")
            assert condition(answer) == ""
            place = await pubsub.place(ROMEO)
            found = await pubsub.engine.node(place, node)
            assert found is not None
            assert found.config.access_model == "whitelist"


async def test_there_is_no_place_at_an_address_of_nobody(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        _, pubsub = await stand(stage)
        with pytest.raises(StanzaError) as refusal:
            await pubsub.items(JID.of("nobody@montague.example"), NODE)
        assert refusal.value.condition is Condition.ITEM_NOT_FOUND


async def test_guards_refuse_and_watchers_are_told(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, pubsub = await stand(stage)
        told: list[News] = []

        def refuse(news: News) -> None:
            if news.item is not None and b"bad" in news.item.payload:
                raise StanzaError(Condition.NOT_ACCEPTABLE, "no")

        async def watch(news: News) -> None:
            told.append(news)

        pubsub.guard(NODE, refuse)
        pubsub.watch(NODE, watch)
        pubsub.watch("*", told.append)
        await pubsub.publish(ROMEO, NODE, "a", PAYLOAD)
        with pytest.raises(StanzaError):
            await pubsub.publish(ROMEO, NODE, "b", b"<bad xmlns='u'/>")
        await pubsub.retract(ROMEO, NODE, ["a"])
        await pubsub.publish(ROMEO, "urn:other", "a", PAYLOAD)
        await settle()
        shown = [(n.node, n.item.id if n.item else "", n.retracted) for n in told]
        twice = [(NODE, "a", ())] * 2 + [(NODE, "", ("a",))] * 2
        assert shown == [*twice, ("urn:other", "a", ())]
        assert romeo.heard()


async def test_a_refused_publication_leaves_no_node_behind(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        _, pubsub = await stand(stage)

        def refuse(news: News) -> None:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "no")

        pubsub.guard(NODE, refuse)
        with pytest.raises(StanzaError):
            await pubsub.publish(ROMEO, NODE, "a", PAYLOAD)
        place = await pubsub.place(ROMEO)
        assert await pubsub.engine.node(place, NODE) is None


async def test_a_deleted_account_leaves_nothing() -> None:
    """Neither its nodes nor what it was to others: the next one of that name is somebody else."""
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        ben = await arrive(house, "ben/garden")
        await publish(anna, "urn:x", item("a"))
        await ask(ben, "set", "<create node='letters'/>", SERVICE)
        people = "<affiliation jid='anna@example.org' affiliation='owner'/>"
        text = f"<affiliations node='letters'>{people}</affiliations>"
        await ask(ben, "set", text, SERVICE, owner=True)
        await ask(anna, "set", "<subscribe node='letters' jid='anna@example.org'/>", SERVICE)
        account = anna.session.account
        await accounts.delete_account(house.database, bare("anna"))
        host = house.server.hosts["example.org"]
        host.accounts.forget(account)
        host.moment(AccountDeleted(account))
        await anna.close()
        await house.settle()
        assert await list_nodes(house.database, account.id, "") == []
        anna = await arrive(house, "anna/desk")
        for request in ("<subscriptions/>", "<affiliations/>"):
            assert len((await ask(anna, "get", request, SERVICE))[0][0]) == 0


async def test_accounts_deleted_while_nobody_looked_are_swept_at_the_start() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        await publish(anna, "urn:x", item("a"))
        ben = await arrive(house, "ben/garden")
        await ask(ben, "set", "<create node='letters'/>", SERVICE)
        await ask(anna, "set", "<subscribe node='letters' jid='anna@example.org'/>", SERVICE)
        number = anna.session.account.id
        await accounts.delete_account(house.database, bare("anna"))
        await house.restart()
        assert await list_nodes(house.database, number, "") == []
        anna = await arrive(house, "anna/desk")
        assert len((await ask(anna, "get", "<subscriptions/>", SERVICE))[0][0]) == 0
        ben = await arrive(house, "ben/garden")
        assert len((await ask(ben, "get", "<affiliations/>", SERVICE))[0][0]) == 1


async def test_two_at_once_are_one_after_the_other() -> None:
    """The same item from two devices: one node, one item, both told."""
    async with House(EVERYTHING) as house:
        one = await arrive(house, "anna/desk", "urn:x")
        two = await arrive(house, "anna/phone", "urn:x")
        text = f"<pubsub xmlns='{NS}'><publish node='urn:x'>{item('a')}</publish></pubsub>"
        for client in (one, two):
            client.take_all()
            client.say(f"<iq type='set' id='p'>{text}</iq>")
        await house.settle()
        for client in (one, two):
            heard = client.take_all()
            assert [each.get("type") for each in heard].count("result") == 1
            assert [each.get("type") for each in heard].count("headline") == 2
        answer = await ask(one, "get", "<items node='urn:x'/>")
        assert len(answer[0][0]) == 1


async def test_nodes_that_nobody_else_owns_go_with_their_owner() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        ben = await arrive(house, "ben/garden")
        for name in ("alone", "shared"):
            await ask(anna, "set", f"<create node='{name}'/>", SERVICE)
            await publish(anna, name, item("a"), SERVICE)
            await ask(ben, "set", f"<subscribe node='{name}' jid='ben@example.org'/>", SERVICE)
        people = "<affiliation jid='ben@example.org' affiliation='owner'/>"
        text = f"<affiliations node='shared'>{people}</affiliations>"
        await ask(anna, "set", text, SERVICE, owner=True)
        await anna.send(
            "<iq type='set' id='go'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await house.settle()
        found = await list_nodes(house.database, 0, SERVICE)
        assert [(node.name, node.creator) for node in found] == [("shared", bare("ben"))]
        rows = await house.database.fetch("SELECT DISTINCT node FROM pubsub_item")
        assert [row[0] for row in rows] == [found[0].id]
        rows = await house.database.fetch("SELECT DISTINCT node FROM pubsub_subscription")
        assert [row[0] for row in rows] == [found[0].id]


async def test_who_has_no_nodes_and_was_deleted_while_nobody_looked_is_forgotten() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        ben = await arrive(house, "ben/garden")
        await ask(ben, "set", "<create node='letters'/>", SERVICE)
        people = "<affiliation jid='anna@example.org' affiliation='owner'/>"
        text = f"<affiliations node='letters'>{people}</affiliations>"
        await ask(ben, "set", text, SERVICE, owner=True)
        await ask(anna, "set", "<subscribe node='letters' jid='anna@example.org'/>", SERVICE)
        await rooms.part(house.database, bare("anna"))
        await accounts.delete_account(house.database, bare("anna"))
        await house.restart()
        anna = await arrive(house, "anna/desk")
        for request in ("<subscriptions/>", "<affiliations/>"):
            assert len((await ask(anna, "get", request, SERVICE))[0][0]) == 0


async def test_other_hosts_forget_a_deleted_account_as_well() -> None:
    async with House(EVERYTHING, domains=("example.org", "example.net")) as house:
        anna = await arrive(house, "anna/desk")
        place = house.server.hosts["example.net"].service("pubsub").service.place
        engine = house.server.hosts["example.net"].service("pubsub").engine
        people = {bare("ben"): Affiliation.OWNER, bare("anna"): Affiliation.OWNER}
        node = new_node(engine, place, "letters", bare("ben"), place.defaults("letters"))
        node.affiliations = people
        await engine.write(steps_of_new(node))
        engine.nodes.changed(node)
        await anna.send(
            "<iq type='set' id='go'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await house.settle()
        found = await engine.node(place, "letters")
        assert found.owners() == [bare("ben")]


async def test_left_overs_take_nothing_from_the_next_one_of_that_name() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        await publish(anna, "urn:x", item("a"))
        number = anna.session.account.id
        await accounts.delete_account(house.database, bare("anna"))
        await accounts.create_account(house.database, bare("anna"), [], 1)
        rows = await house.database.fetch("SELECT id FROM account WHERE jid = $1", bare("anna"))
        place = house.server.hosts["example.org"].service("pubsub").service.place
        engine = house.server.hosts["example.org"].service("pubsub").engine
        node = new_node(engine, place, "mine", bare("anna"), place.defaults("mine"))
        await engine.write(steps_of_new(node))
        await house.restart()
        assert rows[0][0] != number
        assert await list_nodes(house.database, number, "") == []
        assert [each.name for each in await list_nodes(house.database, 0, SERVICE)] == ["mine"]
