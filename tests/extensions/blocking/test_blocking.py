"""XEP-0191: who is blocked neither hears nor is heard, on every way there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.blocking import MOST, MOST_TEXT
from extensions.blocking.store import count_reports
from extensions.registry import ALL
from server.jid import JID
from tests.harness.house import CORE, Client, House
from tests.harness.talk import SM, authenticate, enable

if TYPE_CHECKING:
    from server.element import Element

EVERYTHING = (*CORE, *ALL)
BEN = "ben@example.org"
ERROR = "{jabber:client}error"
BODY = "{jabber:client}body"


def house() -> House:
    return House(EVERYTHING, config={"server": {"admins": ["anna@example.org"]}})


def payload(verb: str, *jids: str, inside: str = "") -> str:
    items = "".join(f"<item jid='{jid}'>{inside}</item>" for jid in jids)
    return f"<{verb} xmlns='urn:xmpp:blocking'>{items}</{verb}>"


async def ask(client: Client, type_: str, content: str, to: str = "") -> Element:
    """The answer to a request; whatever came before it stays."""
    address = f" to='{to}'" if to else ""
    await client.send(f"<iq type='{type_}' id='ask'{address}>{content}</iq>")
    for element in list(client.inbox):
        if element.get("id") == "ask":
            client.inbox.remove(element)
            return element
    raise AssertionError("no answer")


async def do(client: Client, verb: str, *jids: str) -> None:
    answer = await ask(client, "set", payload(verb, *jids))
    assert answer.get("type") == "result"


def error_of(element: Element) -> list[str]:
    error = element.find(ERROR)
    assert error is not None
    return [child.tag.partition("}")[2] for child in error if not child.tag.endswith("text")]


async def friends(house: House) -> tuple[Client, Client]:
    """Two who see each other."""
    anna, ben = await house.online("anna/balcony"), await house.online("ben/garden")
    for one, other in ((anna, ben), (ben, anna)):
        await one.send(f"<presence type='subscribe' to='{other.jid.bare}'/>")
        await other.send(f"<presence type='subscribed' to='{one.jid.bare}'/>")
    anna.take_all()
    ben.take_all()
    return anna, ben


def presences(client: Client) -> list[tuple[str | None, str | None]]:
    return [
        (each.get("from"), each.get("type"))
        for each in client.take_all()
        if each.tag == "{jabber:client}presence"
    ]


async def test_the_list_and_its_pushes() -> None:
    async with house() as home:
        anna = await home.online("anna/balcony")
        other = await home.online("anna/chamber")
        silent = await home.online("anna/silent")
        for client in (anna, other):
            answer = await ask(client, "get", "<blocklist xmlns='urn:xmpp:blocking'/>")
            assert len(answer[0]) == 0
        anna.take_all()
        other.take_all()
        silent.take_all()
        await do(anna, "block", "romeo@montague.net", "iago@shakespeare.lit")
        for client in (anna, other):
            await client.expect(
                f"<iq type='set' to='{client.jid}'><block xmlns='urn:xmpp:blocking'>"
                "<item jid='romeo@montague.net'/><item jid='iago@shakespeare.lit'/></block></iq>"
            )
        answer = await ask(anna, "get", "<blocklist xmlns='urn:xmpp:blocking'/>")
        assert {item.get("jid") for item in answer[0]} == {
            "romeo@montague.net",
            "iago@shakespeare.lit",
        }
        await do(anna, "unblock", "iago@shakespeare.lit")
        await other.expect(
            "<iq type='set'><unblock xmlns='urn:xmpp:blocking'>"
            "<item jid='iago@shakespeare.lit'/></unblock></iq>"
        )
        await do(anna, "unblock")
        push = await other.expect("<iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>")
        assert len(push[0]) == 0
        answer = await ask(anna, "get", "<blocklist xmlns='urn:xmpp:blocking'/>")
        assert len(answer[0]) == 0
        await silent.expect_nothing()


async def test_refusals() -> None:
    async with house() as home:
        anna, ben = await home.online("anna"), await home.online("ben")
        for content, expected in (
            (payload("block"), "bad-request"),
            (payload("block", "@"), "jid-malformed"),
            (payload("block", anna.jid.bare), "not-allowed"),
            (payload("block", *(f"x{n}.example" for n in range(MOST + 1))), "resource-constraint"),
            (
                payload("block", *(f"x.example/{n:01000}" for n in range(MOST_TEXT // 1000))),
                "resource-constraint",
            ),
        ):
            assert error_of(await ask(anna, "set", content)) == [expected]
        for to in (anna.jid.bare, JID.of("nobody@example.org")):
            answer = await ask(ben, "set", payload("block", "x.example"), to)
            assert error_of(answer) == ["forbidden"]


async def test_all_clients_together_block_no_more_than_one() -> None:
    async with house() as home:
        clients = [await home.online(f"anna/{number}") for number in range(3)]
        for number, client in enumerate(clients):
            jids = (f"{number}.{n}.example" for n in range(MOST - 1))
            client.say(f"<iq type='set' id='b'>{payload('block', *jids)}</iq>")
        await home.settle()
        assert await home.database.fetch("SELECT count(*) FROM blocked") == [(MOST - 1,)]


async def test_nothing_passes_in_either_direction() -> None:
    async with house() as home:
        anna, ben = await friends(home)
        await do(anna, "block", BEN)
        anna.take_all()
        ben.take_all()
        for stanza in (
            f"<message id='m' type='chat' to='{BEN}'><body>Can you hear me now?</body></message>",
            f"<presence id='p' to='{BEN}'/>",
            f"<iq id='i' type='get' to='{ben.jid}'><ping xmlns='urn:xmpp:ping'/></iq>",
        ):
            await anna.send(stanza)
            (answer,) = anna.take_all()
            assert error_of(answer) == ["not-acceptable", "blocked"]
        await ben.expect_nothing()
        for stanza in (
            f"<message id='m' type='chat' to='{anna.jid.bare}'><body>Anna?</body></message>",
            f"<iq id='i' type='get' to='{anna.jid}'><ping xmlns='urn:xmpp:ping'/></iq>",
        ):
            await ben.send(stanza)
            (answer,) = ben.take_all()
            assert error_of(answer) == ["service-unavailable"]
        for stanza in (
            f"<presence to='{anna.jid.bare}'/>",
            f"<presence type='probe' to='{anna.jid.bare}'/>",
            f"<presence type='subscribe' to='{anna.jid.bare}'/>",
            f"<message type='headline' to='{anna.jid.bare}'><body>News</body></message>",
            f"<iq id='x' type='result' to='{anna.jid}'/>",
        ):
            await ben.send(stanza)
        await ben.expect_nothing()
        await anna.expect_nothing()


def messages(client: Client) -> list[Element]:
    return [each for each in client.take_all() if each.tag == "{jabber:client}message"]


async def test_what_waited_since_before_is_not_delivered() -> None:
    """§3.3: "MUST NOT deliver any XML stanzas from the JID to the user"; the archive keeps it."""
    async with house() as home:
        anna = await home.login("anna/balcony")  # not available yet: messages wait
        ben, carl = await home.online("ben/garden"), await home.online("carl/hill")
        for who, text in ((ben, "one"), (carl, "two"), (ben, "three")):
            message = f"<message type='chat' to='anna@example.org'><body>{text}</body></message>"
            await who.send(message)
        await do(anna, "block", BEN)
        anna.take_all()
        await anna.send("<presence/>")
        assert [each.findtext(BODY) for each in messages(anna)] == ["two"]
        await anna.close()
        again = await home.online("anna/chamber")
        await again.expect_nothing()
        # Neither when they are friends again: but they are where the user can look for them.
        await do(again, "unblock", BEN)
        again.take_all()
        await again.send("<presence type='unavailable'/><presence/>")
        assert not messages(again)
        await again.send("<iq type='set' id='m'><query xmlns='urn:xmpp:mam:2'/></iq>")
        bodies = [body.text for each in again.take_all() for body in each.iter(BODY)]
        assert bodies == ["one", "two", "three"]


async def test_what_waits_for_its_turn_is_not_delivered() -> None:
    async with house() as home:
        anna = await home.login("anna/balcony")
        ben, carl = await home.online("ben/garden"), await home.online("carl/hill")
        hello = "<message type='chat' to='anna@example.org'><body>{}</body></message>"
        await carl.send(hello.format("one"))
        anna.line.congested = True
        await anna.send("<presence/>")
        await ben.send(hello.format("two"))  # behind the one that waited
        await carl.send(hello.format("three"))
        await do(anna, "block", BEN)
        anna.line.congested = False
        home.clock.advance(1)
        await home.settle()
        assert [each.findtext(BODY) for each in messages(anna)] == ["one", "three"]
        await anna.close()
        again = await home.online("anna/chamber")
        await again.expect_nothing()


async def test_what_waits_for_a_device_to_resume_is_not_delivered() -> None:
    async with house() as home:
        anna = await home.online("anna/balcony")
        other = await home.online("anna/chamber")
        name = (await enable(other)).get("id")
        other.vanish()
        ben, carl = await home.online("ben/garden"), await home.online("carl/hill")
        for who, text in ((ben, "one"), (carl, "two"), (ben, "three")):
            message = f"<message type='chat' to='anna@example.org'><body>{text}</body></message>"
            await who.send(message)
        await do(anna, "block", BEN)
        again = await authenticate(home, "anna")
        await again.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await again.expect(f"<resumed xmlns='{SM}'/>")
        assert [each.findtext(BODY) for each in messages(again)] == ["two"]
        # Both still count the same.
        await carl.send("<message type='chat' to='anna@example.org'><body>four</body></message>")
        assert [each.findtext(BODY) for each in messages(again)] == ["four"]
        await again.send(f"<a xmlns='{SM}' h='2'/>")
        assert not again.session.outbox.queue  # type: ignore[union-attr]


async def test_blocked_by_whatever_belongs_to_it() -> None:
    async with house() as home:
        anna, ben = await friends(home)
        await home.online("carl")
        hello = f"<message id='m' type='chat' to='{anna.jid.bare}'><body>hi</body></message>"
        for item, is_heard in (
            (ben.jid, False),
            (f"{BEN}/elsewhere", True),
            (BEN, False),
            ("example.org/garden", True),
            ("example.org", False),
        ):
            await do(anna, "block", item)
            anna.take_all()
            ben.take_all()
            await ben.send(hello)
            assert bool(anna.take_all()) is is_heard, item
            assert bool(ben.take_all()) is not is_heard, item
            # Oneself, and the server, is out of this.
            await anna.send(f"<message type='chat' to='{anna.jid.bare}'><body>x</body></message>")
            assert len(anna.take_all()) == 1
            answer = await ask(anna, "get", "<ping xmlns='urn:xmpp:ping'/>", "example.org")
            assert answer.get("type") == "result"
            await do(anna, "unblock")


async def test_presence_goes_and_comes_back() -> None:
    """§3.3, §3.4: "the user will appear offline to the blocked JID"."""
    async with house() as home:
        anna, ben = await friends(home)
        await do(anna, "block", BEN)
        assert presences(ben) == [(anna.jid, "unavailable")]
        await anna.send("<presence><status>here</status></presence>")
        await ben.send("<presence><status>here</status></presence>")
        assert presences(ben) == [(ben.jid, None)]
        assert presences(anna) == [(anna.jid, None)]
        later = await home.online("ben/later")
        await later.expect_nothing()
        assert presences(anna) == []
        await do(anna, "unblock", BEN)
        assert (anna.jid, None) in presences(ben)
        assert sorted(presences(anna), key=str) == [(ben.jid, None), (later.jid, None)]


async def test_one_resource_alone() -> None:
    async with house() as home:
        anna, ben = await friends(home)
        other = await home.online("ben/phone")
        anna.take_all()
        await do(anna, "block", ben.jid)
        assert presences(ben)[-1:] == [(anna.jid, "unavailable")]
        await ben.send("<presence><show>away</show></presence>")
        assert presences(anna) == []
        await other.send("<presence><show>away</show></presence>")
        assert presences(anna) == [(other.jid, None)]


async def test_who_was_told_directly_is_told_of_the_end() -> None:
    async with house() as home:
        anna, ben = await home.online("anna"), await home.online("ben")
        await anna.send(f"<presence to='{ben.jid}'/>")
        assert presences(ben) == [(anna.jid, None)]
        await do(anna, "block", BEN)
        assert presences(ben) == [(anna.jid, "unavailable")]
        await anna.close()
        await ben.expect_nothing()


async def test_strangers_are_told_nothing() -> None:
    async with house() as home:
        anna, ben = await home.online("anna"), await home.online("ben")
        await do(anna, "block", BEN)
        await do(anna, "unblock", BEN)
        await ben.expect_nothing()


async def test_a_request_of_somebody_blocked_is_not_shown() -> None:
    async with house() as home:
        anna, ben = await home.online("anna"), await home.online("ben")
        await ben.send("<presence type='subscribe' to='anna@example.org'/>")
        assert ("ben@example.org", "subscribe") in presences(anna)
        await do(anna, "block", BEN)
        await anna.close()
        again = await home.online("anna/again")
        await again.expect_nothing()


async def test_a_list_survives_and_is_there_before_a_device() -> None:
    async with house() as home:
        anna = await home.online("anna")
        await do(anna, "block", BEN)
        await home.restart()
        ben = await home.online("ben")
        await ben.send("<message id='m' type='chat' to='anna@example.org'><body>x</body></message>")
        (answer,) = ben.take_all()
        assert error_of(answer) == ["service-unavailable"]
        anna = await home.online("anna")
        await anna.expect_nothing()


async def test_a_deleted_account_leaves_nothing() -> None:
    async with house() as home:
        anna = await home.online("anna")
        await do(anna, "block", BEN)
        await ask(anna, "set", "<query xmlns='jabber:iq:register'><remove/></query>")
        await home.settle()
        assert await home.database.fetch("SELECT * FROM blocked") == []


REPORT = (
    "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'>"
    "<text xml:lang='en'>Never came trouble to my house like this.</text></report>"
)


async def test_reports_wait_for_an_administrator() -> None:
    command = "<command xmlns='http://jabber.org/protocol/commands' node='reports'{}"
    async with house() as home:
        anna, ben = await home.online("anna"), await home.online("ben")
        answer = await ask(ben, "set", payload("block", "spam.example", inside=REPORT))
        assert answer.get("type") == "result"
        assert await count_reports(home.database, JID.of(BEN)) == 1
        answer = await ask(ben, "set", command.format("/>"), "example.org")
        assert error_of(answer) == ["forbidden"]
        answer = await ask(anna, "set", command.format("/>"), "example.org")
        options = answer.findall(".//{jabber:x:data}option")
        (option,) = options
        assert "spam.example (spam), reported by ben@example.org" in (option.get("label") or "")
        number = option.findtext("{jabber:x:data}value")
        session = answer[0].get("sessionid")
        form = (
            f" sessionid='{session}'><x xmlns='jabber:x:data' type='submit'>"
            f"<field var='settled'><value>{number}</value></field></x></command>"
        )
        answer = await ask(anna, "set", command.format(form), "example.org")
        assert answer[0].get("status") == "completed"
        answer = await ask(anna, "set", command.format("/>"), "example.org")
        assert answer[0].get("status") == "completed"
        assert await count_reports(home.database, JID.of(BEN)) == 0


async def test_what_one_user_reports_is_bounded() -> None:
    async with house() as home:
        ben = await home.online("ben")
        jids = [f"s{number}.example" for number in range(150)]
        answer = await ask(ben, "set", payload("block", *jids, inside=REPORT))
        assert answer.get("type") == "result"
        assert await count_reports(home.database, JID.of(BEN)) == 100
