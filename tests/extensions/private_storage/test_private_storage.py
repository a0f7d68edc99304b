"""XEP-0049: what a client stores for its user comes back, and to nobody else."""

import asyncio

import pytest
from lxml import etree

from extensions.private_storage import rules
from server.element import Element
from server.errors import Condition, StanzaError
from server.extension import At
from tests.extensions.pubsub.people import EVERYTHING, condition
from tests.harness.house import Client, House

PREFS = "<exodus xmlns='exodus:prefs'><defaultnick>Hamlet</defaultnick></exodus>"


async def ask(client: Client, type_: str, content: str, to: str = "") -> Element:
    """The answer to a request."""
    address = f" to='{to}'" if to else ""
    query = f"<query xmlns='jabber:iq:private'>{content}</query>"
    await client.send(f"<iq type='{type_}' id='p'{address}>{query}</iq>")
    return await client.next()


async def test_what_is_stored_comes_back_after_a_restart() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        await hamlet.send(
            f"<iq type='set' id='1001'><query xmlns='jabber:iq:private'>{PREFS}</query></iq>"
        )
        await hamlet.expect("<iq type='result' id='1001'/>")
        await house.restart()
        hamlet = await house.login("hamlet/denmark")
        answer = await ask(hamlet, "get", "<exodus xmlns='exodus:prefs'/>")
        assert answer[0][0].findtext("{exodus:prefs}defaultnick") == "Hamlet"


async def test_what_was_never_stored_is_empty() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        answer = await ask(hamlet, "get", "<a xmlns='urn:example:&apos;&amp;'/>")
        assert answer[0][0].tag == "{urn:example:'&}a"
        assert len(answer[0][0]) == 0


async def test_several_elements_of_one_namespace() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        text = "<a xmlns='urn:x'>1</a><a xmlns='urn:x'>2</a><b xmlns='urn:x'>3</b>"
        assert condition(await ask(hamlet, "set", text)) == ""
        answer = await ask(hamlet, "get", "<a xmlns='urn:x'/><b xmlns='urn:x'/>")
        assert [each.text for each in answer[0]] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("type_", "content", "wanted"),
    [
        ("set", "", "not-acceptable"),
        ("get", "", "bad-request"),
        ("get", "<a xmlns='urn:x'/><a xmlns='urn:y'/>", "bad-request"),
        ("set", "<a/>", "not-acceptable"),
        ("set", "<a xmlns=''/>", "not-acceptable"),
        ("set", "<vCard xmlns='vcard-temp'><FN>Hamlet</FN></vCard>", "not-acceptable"),
        ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "not-acceptable"),
        ("set", f"<a xmlns='urn:{'x' * 600}'/>", "not-acceptable"),
    ],
)
async def test_what_is_refused(type_: str, content: str, wanted: str) -> None:
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        assert condition(await ask(hamlet, type_, content)) == wanted


@pytest.mark.parametrize("type_", ["get", "set"])
async def test_what_belongs_to_others_is_forbidden_whether_they_exist_or_not(type_: str) -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("hamlet")
        macbeth = await house.login("macbeth/scotland")
        for name in ("hamlet", "nobody"):
            answer = await ask(macbeth, type_, PREFS, f"{name}@example.org")
            assert condition(answer) == "forbidden"


async def test_there_is_an_end_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_BYTES", 500)
    monkeypatch.setattr(rules, "MOST_TAGS", 3)
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        large = f"<a xmlns='urn:x'>{'x' * 400}</a>"
        assert condition(await ask(hamlet, "set", large)) == ""
        assert condition(await ask(hamlet, "set", large)) == ""  # in the same place
        other = large.replace("urn:x", "urn:y")
        assert condition(await ask(hamlet, "set", other)) == "resource-constraint"
        small = "<a xmlns='urn:{}'/>"
        assert condition(await ask(hamlet, "set", small.format("y") + small.format("z"))) == ""
        assert condition(await ask(hamlet, "set", small.format("w"))) == "resource-constraint"


async def test_of_two_who_want_the_last_room_one_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_BYTES", 500)
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        account = hamlet.session.account
        private = house.server.hosts["example.org"].service("private_storage")

        async def one(tag: str) -> bool:
            try:
                await private.save(account, {tag: b"x" * 200})
            except StanzaError:
                return False
            return True

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(f"{{urn:x}}{number}")) for number in range(5)]
        assert sum(task.result() for task in tasks) == 2


async def test_the_feature_is_there() -> None:
    async with House(EVERYTHING) as house:
        assert "jabber:iq:private" in house.server.hosts["example.org"].features(At.OWN)


async def test_nothing_is_left_of_a_deleted_account() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await house.login("hamlet/denmark")
        await ask(hamlet, "set", PREFS)
        await hamlet.send(
            "<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await house.settle()
        assert not await house.database.fetch("SELECT tag FROM private_storage")


def test_namespaces_around_many_elements_do_not_multiply() -> None:
    children = "<a xmlns='urn:x'/>" * 1000
    around = f"xmlns='jabber:iq:private' xmlns:n='urn:{'n' * 10_000}'"
    query = etree.fromstring(f"<query {around}>{children}</query>")
    with pytest.raises(StanzaError) as refused:
        rules.parse_set(query)
    assert refused.value.condition is Condition.RESOURCE_CONSTRAINT


def test_nobody_asks_for_more_elements_than_there_can_be() -> None:
    children = "".join(f"<a{number} xmlns='urn:x'/>" for number in range(rules.MOST_TAGS + 1))
    query = etree.fromstring(f"<query xmlns='jabber:iq:private'>{children}</query>")
    with pytest.raises(StanzaError):
        rules.parse_get(query)
