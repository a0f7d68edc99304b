"""XEP-0060 §8.6, §8.8: owners look after their subscribers; nobody is made a multiplier."""

from collections.abc import Awaitable

import pytest

from extensions.pubsub import subscribers
from extensions.pubsub.shared import MOST_OWNERS
from extensions.pubsub.terms import State
from server.account import Account
from server.jid import JID
from server.session import Session
from server.stanza import Stanza
from tests.extensions.pubsub.elsinore import (
    NODE,
    affiliate,
    configure,
    from_afar,
    owner_of,
    pubsub_of,
    subscribe,
)
from tests.extensions.pubsub.people import (
    EVERYTHING,
    OWNER,
    SERVICE,
    arrive,
    ask,
    bare,
    condition,
    events,
    form,
    item,
    item_ids,
    publish,
)
from tests.harness.house import Client, House

YORICK = JID.of("yorick@far.example")


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
        assert events(bernardo)[0][0].get("subscription") == "unconfigured"
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert item_ids(francisco) == []
        assert item_ids(bernardo) == ["a"]
        wrong = "<subscription jid='bernardo@example.org' subscription='perhaps'/>"
        answer = await ask(hamlet, "set", request.format(wrong), SERVICE, owner=True)
        assert condition(answer) == "not-acceptable"


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


def overhear(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Stanza]:
    """Messages on their way from the service, to other servers and to who is not here."""
    heard: list[Stanza] = []
    route = house.server.route

    def listen(stanza: Stanza, session: Session | None = None) -> Awaitable[None] | None:
        if stanza.from_ == SERVICE and stanza.kind == "message":
            heard.append(stanza)
            return None
        return route(stanza, session)

    monkeypatch.setattr(house.server, "route", listen)
    return heard


async def give(client: Client, *people: str, subscription: str = "subscribed") -> str:
    """Change subscriptions of others."""
    entries = "".join(
        f"<subscription jid='{each}' subscription='{subscription}'/>" for each in people
    )
    text = f"<subscriptions node='{NODE}'>{entries}</subscriptions>"
    return condition(await ask(client, "set", text, SERVICE, owner=True))


async def given(client: Client) -> dict[str, str]:
    answer = await ask(client, "get", f"<subscriptions node='{NODE}'/>", SERVICE, owner=True)
    return {each.get("jid", ""): each.get("subscription", "") for each in answer[0][0]}


async def test_who_did_not_ask_hears_no_items_until_he_agrees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One publication is not to become a thousand messages to other servers."""
    async with House(EVERYTHING) as house:
        sent = overhear(house, monkeypatch)
        hamlet = await owner_of(house)
        assert await give(hamlet, YORICK) == ""
        assert await given(hamlet) == {YORICK: "unconfigured"}
        assert [stanza.element[0][0].get("subscription") for stanza in sent] == ["unconfigured"]
        await publish(hamlet, NODE, item("a"), SERVICE)
        assert await give(hamlet, YORICK) == ""  # asking again does not help
        await publish(hamlet, NODE, item("b"), SERVICE)
        await house.settle()
        assert len(sent) == 1
        text = f"<subscribe node='{NODE}' jid='{YORICK}'/>"
        assert await from_afar(house, YORICK, "set", text) == ""
        await house.settle()
        assert await given(hamlet) == {YORICK: "subscribed"}
        assert len(sent) == 2  # the last item
        await publish(hamlet, NODE, item("c"), SERVICE)
        await house.settle()
        assert len(sent) == 3


async def test_nothing_waits_for_who_did_not_ask() -> None:
    """One publication is not to be stored a thousand times for users who were put on a node."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, notification_type="normal", access_model="authorize")
        await house.add_user("francisco")
        bernardo = await arrive(house, "bernardo/x")
        assert await give(hamlet, bare("francisco"), bare("bernardo")) == ""
        bernardo.take_all()
        await publish(hamlet, NODE, item("a"), SERVICE)
        (message,) = [each for each in bernardo.take_all() if each.tag.endswith("message")]
        assert message.get("type") == "headline"
        francisco = await arrive(house, "francisco/x")
        assert events(francisco) == []
        answer = await ask(francisco, "get", f"<items node='{NODE}'/>", SERVICE)
        assert condition(answer) == ""  # the owner lets him read
        await subscribe(francisco)
        assert item_ids(francisco) == ["a"]
        await publish(hamlet, NODE, item("b"), SERVICE)
        (message,) = [each for each in francisco.take_all() if each.tag.endswith("message")]
        assert message.get("type") is None


async def test_options_are_consent_too() -> None:
    """§4.2: then the subscription is configured."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="authorize")
        await give(hamlet, YORICK)
        options = form("subscribe_options", deliver="1")
        text = f"<options node='{NODE}' jid='{YORICK}'>{options}</options>"
        assert await from_afar(house, YORICK, "set", text) == ""
        assert await given(hamlet) == {YORICK: "subscribed"}


async def test_only_so_many_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "INVITED", 3)
    monkeypatch.setattr(subscribers, "GIVEN", 6)
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        people = [f"reader{number}@far.example" for number in range(4)]
        assert await give(hamlet, *people) == "policy-violation too-many-subscriptions"
        assert await give(hamlet, *people[:3]) == ""
        assert await give(hamlet, people[3]) == "policy-violation too-many-subscriptions"
        assert await give(hamlet, people[0], subscription="none") == ""
        assert await give(hamlet, people[3]) == ""
        here = [f"reader{number}@example.org" for number in range(4)]
        assert await give(hamlet, *here) == "policy-violation too-many-subscriptions"
        assert await give(hamlet, *here[:3]) == ""
        assert len(await given(hamlet)) == 6


async def test_whoever_is_subscribed_can_leave() -> None:
    """Also a node that he cannot see any more, or one he was put on."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        pubsub = pubsub_of(house)
        text = f"<unsubscribe node='{NODE}' jid='{YORICK}'/>"
        for state in State.SUBSCRIBED, State.UNCONFIGURED, State.PENDING:
            await give(hamlet, YORICK)
            node = await pubsub.engine.node(pubsub.service.place, NODE)
            assert node is not None
            node.subscriptions[YORICK].state = state
            await configure(hamlet, access_model="whitelist")
            assert await from_afar(house, YORICK, "set", text) == ""
            assert await from_afar(house, YORICK, "set", text) == "unexpected-request"
            assert await given(hamlet) == {}


async def test_a_stranger_can_withdraw_what_he_asked_of_an_account() -> None:
    """XEP-0163: a node that hides from him what he is subscribed to still lets him go."""
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        ben = await arrive(house, "ben/desk")
        configured_ = f"<configure>{form('node_config', access_model='authorize')}</configure>"
        await ask(anna, "set", f"<create node='n'/>{configured_}")
        text = "<{}subscribe node='n' jid='ben@example.org'/>"
        answer = await ask(ben, "set", text.format(""), bare("anna"))
        assert answer[0][0].get("subscription") == "pending"
        config = f"<configure node='n'>{form('node_config', access_model='presence')}</configure>"
        await ask(anna, "set", config, owner=True)
        assert condition(await ask(ben, "set", text.format("un"), bare("anna"))) == ""
        answer = await ask(ben, "set", text.format("un"), bare("anna"))
        assert condition(answer) == "not-authorized presence-subscription-required"


async def test_what_cannot_be_changed_is_returned() -> None:
    """§8.8.2.4."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house)
        polonius = await arrive(house, "polonius/arras")
        await subscribe(polonius)
        await affiliate(hamlet, ("claudius", "outcast"))
        entries = (
            "<subscription jid='polonius@example.org' subscription='pending'/>"
            "<subscription jid='claudius@example.org' subscription='subscribed'/>"
            "<subscription jid='bard@example.org' subscription='subscribed'/>"
            "<subscription jid='hamlet@example.org'/>"
        )
        hamlet.take_all()
        await hamlet.send(
            f"<iq type='set' to='{SERVICE}' id='s'><pubsub xmlns='{OWNER}'>"
            f"<subscriptions node='{NODE}'>{entries}</subscriptions></pubsub></iq>"
        )
        await hamlet.expect(
            f"<iq type='error' from='{SERVICE}' id='s'><pubsub xmlns='{OWNER}'>"
            f"<subscriptions node='{NODE}'>"
            "<subscription jid='polonius@example.org' subscription='subscribed'/>"
            "<subscription jid='claudius@example.org' subscription='none'/>"
            "</subscriptions></pubsub><error type='modify'>"
            "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
        assert set(await given(hamlet)) == {"polonius@example.org", "bard@example.org"}


async def test_only_so_many_owners_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="authorize", notify_sub="1")
        await affiliate(hamlet, *((f"owner{number}", "owner") for number in range(50)))
        horatio = await arrive(house, "horatio/sea")
        told = overhear(house, monkeypatch)
        await subscribe(horatio)
        await house.settle()
        assert len([each for each in told if each.kind == "message"]) == MOST_OWNERS


async def test_who_cancels_has_not_decided() -> None:
    """§8.6: "the subscription request MUST remain in the pending state"."""
    async with House(EVERYTHING) as house:
        hamlet = await owner_of(house, access_model="authorize")
        horatio = await arrive(house, "horatio/sea")
        await subscribe(horatio)
        hamlet.take_all()
        await hamlet.send(
            f"<message to='{SERVICE}' id='approve1'><x xmlns='jabber:x:data' type='cancel'>"
            "<field var='FORM_TYPE' type='hidden'><value>"
            "http://jabber.org/protocol/pubsub#subscribe_authorization</value></field></x></message>"
        )
        await hamlet.expect_nothing()
        answer = await ask(horatio, "get", "<subscriptions/>", SERVICE)
        assert answer[0][0][0].get("subscription") == "pending"
