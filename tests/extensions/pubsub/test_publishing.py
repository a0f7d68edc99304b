"""XEP-0060 §7: publish and retract, with what can go wrong."""

import pytest

from extensions.pubsub.rows import FLAT
from tests.extensions.pubsub.people import (
    EVENT,
    EVERYTHING,
    PUBSUB,
    SERVICE,
    arrive,
    ask,
    bare,
    befriend,
    condition,
    events,
    form,
    item,
    item_ids,
    options,
    publish,
)
from tests.harness.house import Client, House
from tests.harness.loop import settle

MUSINGS = "princely_musings"


async def hamlet_with_node(house: House, **config: str) -> Client:
    """Hamlet, who has made a node."""
    hamlet = await arrive(house, "hamlet/elsinore")
    configure = f"<configure>{form('node_config', **config)}</configure>" if config else ""
    answer = await ask(hamlet, "set", f"<create node='{MUSINGS}'/>{configure}", SERVICE)
    assert condition(answer) == ""
    return hamlet


async def subscribed(house: House, name: str) -> Client:
    client = await arrive(house, name)
    client.take_all()
    text = f"<subscribe node='{MUSINGS}' jid='{client.jid.bare}'/>"
    assert condition(await ask(client, "set", text, SERVICE)) == ""
    return client


async def stored(client: Client, to: str = SERVICE, node: str = MUSINGS) -> list[str]:
    answer = await ask(client, "get", f"<items node='{node}'/>", to)
    assert condition(answer) == ""
    return [each.get("id", "") for each in answer[0][0]]


def retracted_ids(client: Client) -> list[str]:
    found = [event.iter(f"{{{EVENT}}}retract") for event in events(client)]
    return [retraction.get("id", "") for each in found for retraction in each]


async def test_subscribers_are_notified_with_the_payload() -> None:
    """§7.1.2.1: with an id in each notification."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house)
        francisco = await subscribed(house, "francisco/barracks")
        answer = await publish(hamlet, MUSINGS, item("bnd81g37d61f49fgn581"), SERVICE)
        assert answer.get("from") == SERVICE
        assert answer[0][0].get("node") == MUSINGS
        message = await francisco.expect(
            f"<message type='headline' from='{SERVICE}' to='francisco@example.org'>"
            f"<event xmlns='{EVENT}'><items node='{MUSINGS}'><item id='bnd81g37d61f49fgn581'>"
            "<entry xmlns='urn:example'>x</entry></item></items></event></message>"
        )
        assert message.get("id")
        assert await stored(francisco) == ["bnd81g37d61f49fgn581"]


async def test_an_item_without_a_name_gets_one() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house)
        answer = await publish(hamlet, MUSINGS, item(), SERVICE)
        name = answer[0][0][0].get("id", "")
        assert len(name) > 10
        assert await stored(hamlet) == [name]


async def test_the_same_name_overwrites_and_is_the_newest() -> None:
    """§7.1.3: "MUST overwrite the existing item and generate a new event notification"."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house)
        for name in ("a", "b", "a"):
            await publish(hamlet, MUSINGS, item(name), SERVICE)
        assert await stored(hamlet) == ["b", "a"]


@pytest.mark.parametrize(
    ("config", "content", "expected"),
    [
        ({}, "", "bad-request item-required"),
        ({}, "<item id='a'/>", "bad-request payload-required"),
        ({}, "<item><a xmlns='u'/><b xmlns='u'/></item>", "bad-request invalid-payload"),
        ({}, item("a") + item("b"), "bad-request"),
        ({}, item("a" * 1024), "bad-request"),
        ({"persist_items": "0"}, "", "bad-request item-required"),
        ({"deliver_payloads": "0"}, "<item id='a'/>", ""),
        ({"deliver_payloads": "0", "persist_items": "0"}, "", ""),
        ({"deliver_payloads": "0", "persist_items": "0"}, item(), "bad-request item-forbidden"),
        ({"max_payload_size": "20"}, item(), "not-acceptable payload-too-big"),
    ],
)
async def test_requests_that_do_not_match_the_node(
    config: dict[str, str], content: str, expected: str
) -> None:
    """§7.1.3.5 to §7.1.3.7."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house, **config)
        assert condition(await publish(hamlet, MUSINGS, content, SERVICE)) == expected


async def test_notifications_without_payload() -> None:
    """§7.1.2.2: "MUST NOT include the payload in event notifications"; it can be retrieved."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house, deliver_payloads="0")
        francisco = await subscribed(house, "francisco/barracks")
        await publish(hamlet, MUSINGS, item("a"), SERVICE)
        (event,) = events(francisco)
        assert len(event[0][0]) == 0
        answer = await ask(francisco, "get", f"<items node='{MUSINGS}'/>", SERVICE)
        assert len(answer[0][0][0]) == 1


async def test_transient_events() -> None:
    """§4.3: nothing is kept but the last item."""
    async with House(EVERYTHING) as house:
        config = {"deliver_payloads": "0", "persist_items": "0"}
        hamlet = await hamlet_with_node(house, **config)
        francisco = await subscribed(house, "francisco/barracks")
        await publish(hamlet, MUSINGS, "", SERVICE)
        (event,) = events(francisco)
        assert event[0].get("node") == MUSINGS
        assert len(event[0]) == 0
        # §6.5.9.4: there is not even a last item
        answer = await ask(francisco, "get", f"<items node='{MUSINGS}'/>", SERVICE)
        assert condition(answer) == "feature-not-implemented unsupported"


async def test_who_may_not_publish() -> None:
    async with House(EVERYTHING) as house:
        await hamlet_with_node(house)
        francisco = await subscribed(house, "francisco/barracks")
        assert condition(await publish(francisco, MUSINGS, item(), SERVICE)) == "forbidden"
        assert condition(await publish(francisco, "other", item(), SERVICE)) == "item-not-found"
        assert condition(await publish(francisco, "", item(), SERVICE)) == (
            "bad-request nodeid-required"
        )


@pytest.mark.parametrize(("model", "expected"), [("subscribers", "forbidden"), ("open", "")])
async def test_publish_models(model: str, expected: str) -> None:
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house, publish_model=model)
        francisco = await subscribed(house, "francisco/barracks")
        bernardo = await arrive(house, "bernardo/wall")
        assert condition(await publish(francisco, MUSINGS, item("f"), SERVICE)) == ""
        assert condition(await publish(bernardo, MUSINGS, item("b"), SERVICE)) == expected
        # Nobody overwrites or retracts what is another's, but owners do.
        assert condition(await publish(bernardo, MUSINGS, item("f"), SERVICE)) == "forbidden"
        retract = f"<retract node='{MUSINGS}'><item id='f'/></retract>"
        assert condition(await ask(bernardo, "set", retract, SERVICE)) == "forbidden"
        assert condition(await publish(hamlet, MUSINGS, item("f"), SERVICE)) == ""


async def test_items_name_their_publisher_if_the_node_says_so() -> None:
    """§7.1.2.3: what a publisher claims himself does not count."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house, itemreply="publisher")
        francisco = await subscribed(house, "francisco/barracks")
        claimed = "<item id='a' publisher='king@example.org'><x xmlns='u'/></item>"
        await publish(hamlet, MUSINGS, claimed, SERVICE)
        (event,) = events(francisco)
        assert event[0][0].get("publisher") == bare("hamlet")
        answer = await ask(francisco, "get", f"<items node='{MUSINGS}'/>", SERVICE)
        assert answer[0][0][0].get("publisher") == bare("hamlet")


@pytest.mark.parametrize(
    ("policy", "expected", "retracted"),
    [
        ("retract-oldest", ["b", "c"], ["a"]),
        ("discard-oldest", ["b", "c"], []),
        ("reject", ["a", "b"], []),
    ],
)
async def test_a_full_node(policy: str, expected: list[str], retracted: list[str]) -> None:
    """§7.1.2.5."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house, max_items="2", publish_node_full=policy)
        francisco = await subscribed(house, "francisco/barracks")
        answers = [await publish(hamlet, MUSINGS, item(name), SERVICE) for name in "abc"]
        assert condition(answers[2]) == ("conflict node-full" if policy == "reject" else "")
        assert await stored(hamlet) == expected
        assert retracted_ids(francisco) == retracted
        # What is there already can be published again, also in a full node.
        assert condition(await publish(hamlet, MUSINGS, item(expected[0]), SERVICE)) == ""


async def test_max_is_what_the_server_allows() -> None:
    async with House(EVERYTHING, config={"pubsub": {"items_per_node": 100}}) as house:
        hamlet = await hamlet_with_node(house, max_items="max")
        for number in range(103):
            await publish(hamlet, MUSINGS, item(str(number)), SERVICE)
        assert await stored(hamlet) == [str(number) for number in range(3, 103)]


# -- options --


async def test_options_configure_what_is_made_by_publishing() -> None:
    """§7.1.5 rule 3."""
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        romeo = await arrive(house, "romeo/orchard")
        wanted = options(access_model="whitelist", max_items="max", persist_items="1")
        for name in ("a", "b"):
            answer = await publish(juliet, "urn:private", item(name), "", wanted)
            assert condition(answer) == ""
        assert await stored(juliet, "", "urn:private") == ["a", "b"]
        answer = await ask(romeo, "get", "<items node='urn:private'/>", bare("juliet"))
        assert condition(answer) == "not-allowed closed-node"


@pytest.mark.parametrize(
    "wanted",
    [options(access_model="open"), options(max_items="2"), options(nonsense="1")],
)
async def test_preconditions_that_are_not_met(wanted: str) -> None:
    """§7.1.5 rule 1: and "MUST reject the publication upon encountering unknown fields"."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, "urn:private", item("a"), "", options(access_model="whitelist"))
        answer = await publish(juliet, "urn:private", item("b"), "", wanted)
        assert condition(answer) == "conflict precondition-not-met"
        assert await stored(juliet, "", "urn:private") == ["a"]


async def test_unknown_options_make_no_node() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        answer = await publish(juliet, "urn:new", item("a"), "", options(nonsense="1"))
        assert condition(answer) == "conflict precondition-not-met"
        assert condition(await ask(juliet, "get", "<items node='urn:new'/>")) == "item-not-found"


@pytest.mark.parametrize(
    "node", ["eu.siacs.conversations.axolotl.bundles:31415", "urn:xmpp:omemo:2:bundles"]
)
async def test_keys_are_never_refused(node: str) -> None:
    """Preconditions change such a node instead, and it is always open (XEP-0384 §5.3.2)."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        for wanted in (
            options(access_model="whitelist", max_items="1"),
            options(access_model="open", max_items="max"),
            options(persist_items="0", nonsense="1"),
            options(max_items="many", access_model="secret", purge_offline="1"),
        ):
            answer = await publish(juliet, node, item(str(len(wanted))), "", wanted)
            assert condition(answer) == ""
        tybalt = await arrive(house, "tybalt/street")
        assert len(await stored(tybalt, bare("juliet"), node)) == 4


# -- retracting --


async def test_retracting_with_and_without_a_word() -> None:
    """§7.2.2: the request says whether to tell; if it does not, the node does."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house)
        francisco = await subscribed(house, "francisco/barracks")
        for number, (notify, told) in enumerate(
            (("", 1), (" notify='0'", 0), (" notify='true'", 1), (" notify='1'", 1))
        ):
            await publish(hamlet, MUSINGS, item(str(number)), SERVICE)
            events(francisco)
            text = f"<retract node='{MUSINGS}'{notify}><item id='{number}'/></retract>"
            answer = await ask(hamlet, "set", text, SERVICE)
            assert condition(answer) == ""
            assert len(answer) == 0
            assert retracted_ids(francisco) == [str(number)] * told
        assert await stored(hamlet) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<retract node='{MUSINGS}'><item id='no'/></retract>", "item-not-found"),
        ("<retract node='other'><item id='a'/></retract>", "item-not-found"),
        ("<retract><item id='a'/></retract>", "bad-request nodeid-required"),
        (f"<retract node='{MUSINGS}'/>", "bad-request item-required"),
        (f"<retract node='{MUSINGS}'><item/></retract>", "bad-request item-required"),
    ],
)
async def test_retractions_that_fail(text: str, expected: str) -> None:
    """§7.2.3."""
    async with House(EVERYTHING) as house:
        hamlet = await hamlet_with_node(house)
        await publish(hamlet, MUSINGS, item("a"), SERVICE)
        assert condition(await ask(hamlet, "set", text, SERVICE)) == expected
        assert await stored(hamlet) == ["a"]


async def test_a_result_means_that_it_is_on_disk() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony", "urn:x")
        await juliet.send("<iq type='get' id='warm'><ping xmlns='urn:xmpp:ping'/></iq>")
        juliet.take_all()
        house.database.hold()
        text = f"<pubsub xmlns='{PUBSUB}'><publish node='urn:x'>{item('a')}</publish></pubsub>"
        juliet.say(f"<iq type='set' id='p'>{text}</iq>")
        await settle()
        assert juliet.take_all() == []
        house.database.release()
        await house.settle()
        heard = juliet.take_all()
        assert [each.get("id") for each in heard if each.tag.endswith("iq")] == ["p"]
        await house.restart()
        juliet = await arrive(house, "juliet/balcony", "urn:x")
        assert item_ids(juliet) == ["a"]


# -- at once --


def pipelined(number: int, content: str, owner: bool = False) -> str:
    namespace = f"{PUBSUB}#owner" if owner else PUBSUB
    return f"<iq type='set' id='i{number}'><pubsub xmlns='{namespace}'>{content}</pubsub></iq>"


async def test_two_devices_publish_at_once_and_a_third_retracts() -> None:
    """Each answer says what happened, and in the end memory and disk say the same."""
    async with House(EVERYTHING) as house:
        one = await arrive(house, "anna/one")
        two = await arrive(house, "anna/two")
        wanted = options(max_items="5")
        for number in range(30):
            text = f"<publish node='n'>{item(f'a{number}')}</publish>{wanted}"
            one.say(pipelined(number, text))
            two.say(pipelined(number, text.replace("'a", "'b")))
            if number % 5 == 4:
                gone = f"<retract node='n'><item id='a{number}'/></retract>"
                two.say(pipelined(100 + number, gone))
        await house.settle()
        answers = [*one.take_all(), *two.take_all()]
        refused = [each for each in answers if each.get("type") == "error"]
        assert {condition(each) for each in refused} <= {"item-not-found"}
        left = await stored(one, "", "n")
        assert 3 <= len(left) <= 5
        pubsub = house.server.hosts["example.org"].service("pubsub")
        place = await pubsub.place(bare("anna"))
        node = await pubsub.engine.node(place, "n")
        assert node is not None
        rows = await house.database.fetch("SELECT length(payload) FROM pubsub_item")
        assert node.count == len(left) == len(rows)
        assert node.bytes == sum(row[0] + FLAT for row in rows)


async def test_a_node_is_deleted_while_others_publish() -> None:
    """What comes after makes it anew; nothing of the old one is left, and nothing is lost."""
    async with House(EVERYTHING) as house:
        one = await arrive(house, "anna/one")
        two = await arrive(house, "anna/two")
        for number in range(12):
            one.say(pipelined(number, f"<publish node='n'>{item('a')}</publish>"))
            if number % 3 == 2:
                two.say(pipelined(number, "<delete node='n'/>", owner=True))
        one.say(pipelined(99, f"<publish node='n'>{item('last')}</publish>"))
        await house.settle()
        refused = [each for each in one.take_all() if each.get("type") == "error"]
        assert refused == []
        deleted = await house.database.fetch(
            "SELECT count(*) FROM pubsub_item WHERE node NOT IN (SELECT id FROM pubsub_node)"
        )
        assert deleted[0][0] == 0
        await house.restart()
        anna = await arrive(house, "anna/one")
        listed = await ask(anna, "get", "<items node='n'/>")
        assert condition(listed) in ("", "item-not-found")
