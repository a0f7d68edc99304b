"""XEP-0060 §5.6, §5.7, §6.1 to §6.4: subscriptions and what one has of them."""

import pytest

from server.jid import JID
from tests.extensions.pubsub.elsinore import NODE, from_afar, owner_of
from tests.extensions.pubsub.people import (
    EVERYTHING,
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
from tests.harness.house import House


def subscribe(jid: str, node: str = NODE, more: str = "") -> str:
    return f"<subscribe node='{node}' jid='{jid}'/>{more}"


async def test_a_subscription_is_answered_stored_and_ended() -> None:
    async with House(EVERYTHING) as house:
        await owner_of(house)
        await house.restart()
        francisco = await arrive(house, "francisco/barracks")
        answer = await ask(francisco, "set", subscribe("francisco@example.org"), SERVICE)
        (subscription,) = answer[0]
        assert subscription.get("node") == NODE
        assert subscription.get("jid") == "francisco@example.org"
        assert subscription.get("subscription") == "subscribed"
        await house.restart()
        francisco = await arrive(house, "francisco/barracks")
        for request in ("<subscriptions/>", f"<subscriptions node='{NODE}'/>"):
            (found,) = (await ask(francisco, "get", request, SERVICE))[0][0]
            assert found.get("subscription") == "subscribed"
            assert found.get("node") == NODE
        end = f"<unsubscribe node='{NODE}' jid='francisco@example.org'/>"
        answer = await ask(francisco, "set", end, SERVICE)
        assert answer[0][0].get("subscription") == "none"
        assert len((await ask(francisco, "get", "<subscriptions/>", SERVICE))[0][0]) == 0
        again = await ask(francisco, "set", end, SERVICE)
        assert condition(again) == "unexpected-request not-subscribed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (subscribe("bernardo@example.org"), "bad-request invalid-jid"),
        (subscribe(""), "bad-request invalid-jid"),
        (subscribe("@@"), "bad-request invalid-jid"),
        (subscribe("francisco@example.org", "no-such-node"), "item-not-found"),
        (subscribe("francisco@example.org", ""), "bad-request nodeid-required"),
        (f"<unsubscribe node='{NODE}' jid='bernardo@example.org'/>", "forbidden"),
        (f"<unsubscribe node='{NODE}'/>", "bad-request jid-required"),
        (f"<options node='{NODE}'/>", "bad-request jid-required"),
        (f"<options node='{NODE}' jid='bernardo@example.org'/>", "forbidden"),
        (
            f"<options node='{NODE}' jid='francisco@example.org'/>",
            "unexpected-request not-subscribed",
        ),
        (
            f"<options/>{subscribe('francisco@example.org')}",
            "bad-request jid-required",
        ),
        (
            subscribe("francisco@example.org", more="<options node='x'/>"),
            "bad-request",
        ),
    ],
)
async def test_requests_that_fail(text: str, expected: str) -> None:
    """§6.1.3, §6.2.3, §6.3.4."""
    async with House(EVERYTHING) as house:
        await owner_of(house)
        francisco = await arrive(house, "francisco/barracks")
        assert condition(await ask(francisco, "set", text, SERVICE)) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"access_model": "whitelist"}, "not-allowed closed-node"),
        ({"access_model": "presence"}, "not-authorized presence-subscription-required"),
        ({"access_model": "roster"}, "not-authorized presence-subscription-required"),
        ({"subscribe": "0"}, "feature-not-implemented unsupported"),
    ],
)
async def test_nodes_that_are_closed(config: dict[str, str], expected: str) -> None:
    async with House(EVERYTHING) as house:
        await owner_of(house, **config)
        francisco = await arrive(house, "francisco/barracks")
        answer = await ask(francisco, "set", subscribe("francisco@example.org"), SERVICE)
        assert condition(answer) == expected


async def test_nodes_for_contacts_of_an_owner() -> None:
    """§4.5: the service asks the rosters of this server; a lost subscription is a lost access."""
    async with House(EVERYTHING) as house:
        await befriend(house, "hamlet", "horatio")
        hamlet = await owner_of(house, access_model="presence")
        horatio = await arrive(house, "horatio/sea")
        answer = await ask(horatio, "set", subscribe("horatio@example.org"), SERVICE)
        assert condition(answer) == ""
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(horatio) == ["a"]
        await hamlet.send("<presence type='unsubscribed' to='horatio@example.org'/>")
        await publish(hamlet, NODE, item("b"), SERVICE)
        assert item_ids(horatio) == []
        answer = await ask(horatio, "get", f"<items node='{NODE}'/>", SERVICE)
        assert condition(answer) == "not-authorized presence-subscription-required"


async def test_resources_are_subscribed_one_by_one() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        francisco = await arrive(house, "francisco/barracks")
        other = await arrive(house, "francisco/wall")
        await ask(francisco, "set", subscribe(francisco.jid), SERVICE)
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(francisco) == ["a"]
        assert item_ids(other) == []
        for number in range(30):
            answer = await ask(
                francisco, "set", subscribe(f"francisco@example.org/{number}"), SERVICE
            )
        assert condition(answer) == "policy-violation too-many-subscriptions"


async def test_too_many_subscriptions() -> None:
    config = {"pubsub": {"subscriptions_per_node": 10}}
    async with House(EVERYTHING, config=config) as house:
        await owner_of(house)
        for number in range(11):
            name = f"user{number}"
            client = await arrive(house, f"{name}/x")
            answer = await ask(client, "set", subscribe(bare(name)), SERVICE)
        assert condition(answer) == "policy-violation too-many-subscriptions"
        again = await ask(client, "set", subscribe(bare("user10")), SERVICE)
        assert condition(again) != ""


async def test_the_last_item_comes_with_the_subscription() -> None:
    """§6.1.7, stamped as delayed."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        await publish(hamlet, NODE, item("a"), SERVICE)
        francisco = await arrive(house, "francisco/barracks")
        await francisco.send(
            f"<iq type='set' id='s' to='{SERVICE}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
            f"{subscribe('francisco@example.org')}</pubsub></iq>"
        )
        (message,) = [each for each in francisco.take_all() if each.tag.endswith("message")]
        assert message.find("{urn:xmpp:delay}delay") is not None
        assert message.get("type") == "headline"


async def test_options_of_a_subscription() -> None:
    """§6.3: with the request, and later."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        francisco = await arrive(house, "francisco/barracks")
        jid = "francisco@example.org"
        deaf = f"<options>{form('subscribe_options', deliver='0')}</options>"
        answer = await ask(francisco, "set", subscribe(jid, more=deaf), SERVICE)
        assert answer[0].find(".//{jabber:x:data}x") is not None
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(francisco) == []
        await house.restart()
        hamlet = await arrive(house, "hamlet/elsinore")
        francisco = await arrive(house, "francisco/barracks")
        request = f"<options node='{NODE}' jid='{jid}'/>"
        answer = await ask(francisco, "get", request, SERVICE)
        values = {
            field.get("var"): field.findtext("{jabber:x:data}value")
            for field in answer.iter("{jabber:x:data}field")
        }
        assert values["pubsub#deliver"] == "0"
        hearing = form("subscribe_options", deliver="1", expire="2023-11-14T23:00:00Z")
        text = f"<options node='{NODE}' jid='{jid}'>{hearing}</options>"
        assert condition(await ask(francisco, "set", text, SERVICE)) == ""
        await publish(hamlet, NODE, item("b"), SERVICE)
        assert item_ids(francisco) == ["b"]
        house.clock.advance(7200)  # the lease is over (§12.19)
        await publish(hamlet, NODE, item("c"), SERVICE)
        assert item_ids(francisco) == []
        wrong = (
            f"<options node='{NODE}' jid='{jid}'>{form('subscribe_options', deliver='x')}</options>"
        )
        assert condition(await ask(francisco, "set", wrong, SERVICE)) == (
            "bad-request invalid-options"
        )


async def test_default_options() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        answer = await ask(anna, "get", "<default/>", SERVICE)
        assert answer[0][0].find("{jabber:x:data}x") is not None


async def test_affiliations_of_ones_own() -> None:
    """§5.7."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        for request in ("<affiliations/>", f"<affiliations node='{NODE}'/>"):
            (found,) = (await ask(hamlet, "get", request, SERVICE))[0][0]
            assert (found.get("node"), found.get("affiliation")) == (NODE, "owner")
        await publish(hamlet, "urn:x", item("a"))
        (found,) = (await ask(hamlet, "get", "<affiliations/>"))[0][0]
        assert found.get("node") == "urn:x"
        bernardo = await arrive(house, "bernardo/wall")
        for request in ("<affiliations/>", f"<affiliations node='{NODE}'/>"):
            assert len((await ask(bernardo, "get", request, SERVICE))[0][0]) == 0


# -- approval --


async def test_an_owner_allows_a_subscription() -> None:
    """§6.1.4, §8.6: by the form he is sent."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="authorize")
        await publish(hamlet, NODE, item("a"), SERVICE)
        horatio = await arrive(house, "horatio/sea")
        answer = await ask(horatio, "set", subscribe("horatio@example.org"), SERVICE)
        assert answer[0][0].get("subscription") == "pending"
        again = await ask(horatio, "set", subscribe("horatio@example.org"), SERVICE)
        assert condition(again) == "not-authorized pending-subscription"
        refused = await ask(horatio, "get", f"<items node='{NODE}'/>", SERVICE)
        assert condition(refused) == "not-authorized not-subscribed"
        await publish(hamlet, NODE, item("b"), SERVICE)
        assert item_ids(horatio) == []
        (request,) = [e for e in hamlet.take_all() if e.find("{jabber:x:data}x") is not None]
        assert request.get("from") == SERVICE
        decision = form(
            "subscribe_authorization",
            node=NODE, subscriber_jid="horatio@example.org", allow="true",
        )  # fmt: skip
        await hamlet.send(f"<message to='{SERVICE}'>{decision}</message>")
        heard = events(horatio)
        assert heard[0][0].get("subscription") == "subscribed"
        assert heard[1][0][0].get("id") == "b"
        answer = await ask(horatio, "get", f"<items node='{NODE}'/>", SERVICE)
        assert [each.get("id") for each in answer[0][0]] == ["a", "b"]


async def test_an_owner_refuses_a_subscription_and_others_have_no_say() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="authorize")
        horatio = await arrive(house, "horatio/sea")
        await ask(horatio, "set", subscribe("horatio@example.org"), SERVICE)
        decision = "<message to='{}'>{}</message>"
        fields = {"node": NODE, "subscriber_jid": "horatio@example.org"}
        yes = form("subscribe_authorization", allow="1", **fields)
        await horatio.send(decision.format(SERVICE, yes))
        error = horatio.take_all()[-1]
        assert condition(error) == "forbidden"
        no = form("subscribe_authorization", allow="0", **fields)
        await hamlet.send(decision.format(SERVICE, no))
        assert events(horatio)[0][0].get("subscription") == "none"
        await hamlet.send(decision.format(SERVICE, yes))
        assert events(horatio) == []


async def test_approval_at_an_account() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, NODE, item("a"), "", options(access_model="authorize"))
        romeo = await arrive(house, "romeo/orchard")
        text = subscribe("romeo@example.org")
        answer = await ask(romeo, "set", text, bare("juliet"))
        assert answer[0][0].get("subscription") == "pending"
        (request,) = [e for e in juliet.take_all() if e.find("{jabber:x:data}x") is not None]
        assert request.get("from") == bare("juliet")
        yes = form(
            "subscribe_authorization",
            node=NODE, subscriber_jid="romeo@example.org", allow="true",
        )  # fmt: skip
        await juliet.send(f"<message to='juliet@example.org'>{yes}</message>")
        assert events(romeo)[0][0].get("subscription") == "subscribed"
        await publish(juliet, NODE, item("b"))
        assert item_ids(romeo) == ["b"]


async def test_owners_learn_of_subscribers_if_they_want_to() -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, notify_sub="1")
        hamlet.take_all()
        francisco = await arrive(house, "francisco/barracks")
        jid = "francisco@example.org"
        await ask(francisco, "set", subscribe(jid), SERVICE)
        await ask(francisco, "set", f"<unsubscribe node='{NODE}' jid='{jid}'/>", SERVICE)
        assert [event[0].get("subscription") for event in events(hamlet)] == ["subscribed", "none"]


async def test_an_answer_about_a_node_that_is_not_there() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        juliet.take_all()
        yes = form(
            "subscribe_authorization",
            node="nothing", subscriber_jid="romeo@example.org", allow="true",
        )  # fmt: skip
        await juliet.send(f"<message id='yes' to='juliet@example.org'>{yes}</message>")
        answer = await juliet.next()
        assert answer.get("type") == "error"
        assert condition(answer) == "item-not-found"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
async def test_a_lease_ends_in_a_year_that_can_be_written(moment: str) -> None:
    async with House(EVERYTHING) as house:
        await owner_of(house)
        francisco = await arrive(house, "francisco/barracks")
        until = f"<options>{form('subscribe_options', expire=moment)}</options>"
        text = subscribe("francisco@example.org", more=until)
        answer = await ask(francisco, "set", text, SERVICE)
        assert condition(answer) == "bad-request invalid-options"


async def test_a_lease_that_has_ended_is_no_subscription() -> None:
    """§12.19: it is in no list, and subscribing again begins anew."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        francisco = await arrive(house, "francisco/barracks")
        until = f"<options>{form('subscribe_options', expire='2023-11-14T23:00:00Z')}</options>"
        text = subscribe("francisco@example.org", more=until)
        assert condition(await ask(francisco, "set", text, SERVICE)) == ""

        async def listed() -> list[int]:
            own = ("<subscriptions/>", f"<subscriptions node='{NODE}'/>")
            answers = [await ask(francisco, "get", each, SERVICE) for each in own]
            text = f"<subscriptions node='{NODE}'/>"
            answers.append(await ask(hamlet, "get", text, SERVICE, owner=True))
            return [len(answer[0][0]) for answer in answers]

        assert await listed() == [1, 1, 1]
        house.clock.advance(7200)
        assert await listed() == [0, 0, 0]
        text = subscribe("francisco@example.org")
        assert condition(await ask(francisco, "set", text, SERVICE)) == ""
        assert await listed() == [1, 1, 1]
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(francisco) == ["a"]


async def test_one_foreign_domain_does_not_take_all_the_room() -> None:
    config = {"pubsub": {"subscriptions_per_node": 20}}
    async with House(EVERYTHING, config=config) as house:
        await owner_of(house)
        answers = []
        for domain, number in (("far", 1), ("far", 2), ("far", 3), ("other", 1), ("far", 4)):
            jid = JID.parse(f"reader{number}@{domain}.example")
            answers.append(await from_afar(house, jid, "set", subscribe(jid)))
        assert answers == ["", "", "policy-violation", "", "policy-violation"]
