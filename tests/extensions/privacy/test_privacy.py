"""What a user has chosen to keep to himself, in conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.registry import ALL
from server.jid import JID
from server.stanza import Stanza
from tests.extensions.blocking.test_blocking import ERROR, ask, error_of, friends, presences
from tests.harness.house import CORE, Client, House
from tests.harness.patterns import parse

if TYPE_CHECKING:
    from server.element import Element

EVERYTHING = (*CORE, *ALL)
COMMAND = "<command xmlns='http://jabber.org/protocol/commands' node='privacy'"
LAST = "<query xmlns='jabber:iq:last'/>"
MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>"
IDLE = "<idle xmlns='urn:xmpp:idle:1' since='1969-07-21T02:56:15Z'/>"


async def choose(client: Client, **values: str) -> Element:
    """Go through the form; gives the last answer."""
    answer = await ask(client, "set", f"{COMMAND}/>")
    session = answer[0].get("sessionid")
    fields = "".join(
        f"<field var='{var.replace('__', '.')}'>"
        + "".join(f"<value>{each}</value>" for each in value.split())
        + "</field>"
        for var, value in values.items()
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    return await ask(client, "set", f"{COMMAND} sessionid='{session}'>{form}</command>")


async def test_one_chooses_by_a_command_and_it_is_kept() -> None:
    async with House(EVERYTHING) as home:
        anna = await home.online("anna")
        answer = await choose(anna, online="contacts", strangers__never="spam.example")
        assert answer[0].get("status") == "completed"
        answer = await choose(anna, online="someone")
        assert error_of(answer) == ["bad-request", "bad-payload"]
        await home.restart()
        anna = await home.online("anna")
        answer = await ask(anna, "set", f"{COMMAND}/>")
        said = {
            field.get("var"): [value.text for value in field.iter("{jabber:x:data}value")]
            for field in answer.iter("{jabber:x:data}field")
        }
        assert said["online"][0] == "contacts"
        assert said["strangers.never"] == ["spam.example"]
        assert said["receipts"][0] == "everybody"
        await choose(anna, online="everybody", strangers__never="")
        assert await home.database.fetch("SELECT * FROM privacy") == []


async def test_nobody_sees_that_the_user_is_online() -> None:
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        await choose(anna, online="nobody")
        assert presences(ben) == [(anna.jid, "unavailable")]
        await anna.send("<presence><show>away</show></presence>")
        await ben.send(f"<presence type='probe' to='{anna.jid.bare}'/>")
        assert presences(ben) == [(anna.jid.bare, "unavailable")]
        later = await home.online("ben/later")
        await later.expect_nothing()
        assert error_of(await ask(ben, "get", LAST, anna.jid.bare)) == ["forbidden"]
        # What is directed to somebody is one's own wish.
        ben.take_all()
        await anna.send(f"<presence to='{ben.jid}'/>")
        assert presences(ben) == [(anna.jid, None)]
        await choose(anna, online="contacts")
        assert (anna.jid, None) in presences(ben)


async def test_hidden_from_one_contact_only() -> None:
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        carl = await home.online("carl")
        await carl.send("<presence type='subscribe' to='anna@example.org'/>")
        await choose(anna, online__never="carl@example.org")
        carl.take_all()
        ben.take_all()
        await anna.send("<presence type='subscribed' to='carl@example.org'/>")
        await anna.send("<presence><show>away</show></presence>")
        assert presences(carl) == [("anna@example.org", "subscribed")]
        assert presences(ben) == [(anna.jid, None)]


async def test_last_seen() -> None:
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        await anna.send(f"<presence><show>away</show>{IDLE}</presence>")
        (seen,) = ben.take_all()
        assert len(seen) == 2
        assert (await ask(ben, "get", LAST, anna.jid.bare)).get("type") == "result"
        await choose(anna, last_seen="nobody")
        for to in (anna.jid.bare, anna.jid):
            assert error_of(await ask(ben, "get", LAST, to)) == ["forbidden"]
        again = await home.online("ben/again")
        assert again.session.account.sessions
        ben.take_all()
        for address in ("", f" to='{ben.jid}'"):
            await anna.send(f"<presence{address}><show>away</show>{IDLE}</presence>")
            (seen,) = ben.take_all()
            assert [child.tag for child in seen] == ["{jabber:client}show"]
        await anna.close()
        assert error_of(await ask(ben, "get", LAST, anna.jid.bare)) == ["forbidden"]
        assert (await ask(ben, "get", LAST)).get("type") == "result"


async def test_who_does_not_tell_what_was_read_is_not_told() -> None:
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        await choose(anna, receipts="nobody", receipts__always="carl@example.org")
        for one, other in ((anna, ben), (ben, anna)):
            await one.send(f"<message type='chat' to='{other.jid.bare}'>{MARKER}</message>")
            await other.expect_nothing()
            await one.expect_nothing()
            await one.send(
                f"<message type='chat' to='{other.jid.bare}'><body>x</body>{MARKER}</message>"
            )
            (got,) = other.take_all()
            assert "displayed" not in str([child.tag for child in got])
        carl = await home.online("carl")
        await anna.send(f"<message type='chat' to='{carl.jid.bare}'>{MARKER}</message>")
        assert len(carl.take_all()) == 1


async def test_strangers_do_not_write() -> None:
    hello = "<message id='h' type='chat' to='anna@example.org'><body>hello</body></message>"
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        carl = await home.online("carl")
        await choose(anna, strangers="contacts")
        await carl.send(hello)
        (answer,) = carl.take_all()
        assert error_of(answer) == ["forbidden"]
        assert "contacts only" in str(answer.findtext(f"{ERROR}/{{*}}text"))
        await carl.send(hello.replace("'chat'", "'headline'"))
        await carl.expect_nothing()
        await anna.expect_nothing()
        await ben.send(hello)
        assert len(anna.take_all()) == 1
        # To whom the user has written, and who was shown presence, may answer.
        await anna.send("<message type='chat' to='carl@example.org'><body>yes?</body></message>")
        await carl.send(hello)
        assert len(anna.take_all()) == 1
        dora = await home.online("dora")
        await anna.send(f"<presence to='{dora.jid}'/>")
        dora.take_all()
        await dora.send(hello)
        assert len(anna.take_all()) == 1
        await choose(anna, strangers="nobody", strangers__always="carl@example.org")
        await ben.send(hello)
        (answer,) = ben.take_all()[-1:]
        assert error_of(answer) == ["forbidden"]
        carl.take_all()
        await carl.send(hello)
        assert len(anna.take_all()) == 1
        # Requests for a subscription come as ever: how else would one become a contact?
        await dora.send("<presence type='subscribe' to='anna@example.org'/>")
        assert ("dora@example.org", "subscribe") in presences(anna)


@pytest.mark.parametrize("circle", ["contacts", "nobody"])
async def test_rooms_that_one_has_entered_speak(circle: str) -> None:
    """Carl stands for a room: what makes it one is that anna has sent it her presence."""
    async with House(EVERYTHING) as home:
        anna, room = await home.online("anna"), await home.online("carl")
        said = f"<message type='groupchat' to='{anna.jid}'><body>hello all</body></message>"
        await choose(anna, strangers=circle)
        await room.send(said)
        await anna.expect_nothing()
        await room.expect_nothing()  # a room would take an error for her end
        await anna.send(f"<presence to='{room.jid.bare}/anna'/>")
        await room.send(said)
        assert len(anna.take_all()) == 1
        await anna.send(f"<presence type='unavailable' to='{room.jid.bare}/anna'/>")
        anna.take_all()
        room.take_all()
        await room.send(said)
        await anna.expect_nothing()


async def test_errors_of_strangers_say_that_something_failed_and_nothing_else() -> None:
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        carl = await home.online("carl")
        await choose(anna, strangers="contacts")
        failed = (
            f"<message type='error' id='m1' to='{anna.jid}'><body>buy this</body><subject>now"
            "</subject><error type='cancel'><item-not-found"
            " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
        for who, tags in ((carl, ["error"]), (ben, ["body", "subject", "error"])):
            await who.send(failed)
            (found,) = anna.take_all()
            assert found.get("id") == "m1"
            assert [child.tag.partition("}")[2] for child in found] == tags
            assert error_of(found) == ["item-not-found"]


@pytest.mark.parametrize("choice", [
    {"strangers": "contacts"}, {"strangers": "nobody"}, {"strangers__never": "spam.example"},
])  # fmt: skip
async def test_who_has_a_domain_of_his_own_does_not_write_as_that(choice: dict[str, str]) -> None:
    """What nobody says but services is another thing: news of nodes, and what they answer."""
    async with House(EVERYTHING) as home:
        anna = await home.online("anna")
        await choose(anna, **choice)

        async def say(inside: str, who: str = "spam.example", type_: str = "normal") -> int:
            text = f"<message type='{type_}' from='{who}' to='{anna.jid}'>{inside}</message>"
            sent = Stanza("message", parse(text), anna.jid, JID.of(who))
            home.server.tell(home.server.hosts["example.org"].receive, sent)
            await home.settle()
            return len(anna.take_all())

        call = "<propose xmlns='urn:xmpp:jingle-message:0' id='c'/>"
        for who in ("spam.example", "spam.example/buy"):
            assert await say("<body>buy this</body>", who) == 0
            assert await say("<body>buy this</body>", who, "headline") == 0
            assert await say(call, who) == 0
        assert await say("<event xmlns='http://jabber.org/protocol/pubsub#event'/>") == 1
        assert await say("<body>we go down</body>", "example.org") == 1
        assert await say("<body>there is news</body>", "pubsub.example.org") == 1


async def test_nothing_is_different_until_one_chooses() -> None:
    async with House(EVERYTHING) as home:
        anna, ben = await friends(home)
        assert not anna.session.account.guards
        assert not ben.session.account.roster.hides(anna.jid.bare)
        await ben.send(f"<message type='chat' to='{anna.jid.bare}'>{MARKER}</message>")
        assert len(anna.take_all()) == 1


async def test_a_deleted_account_leaves_nothing() -> None:
    async with House(EVERYTHING) as home:
        anna = await home.online("anna")
        await choose(anna, receipts="nobody")
        await ask(anna, "set", "<query xmlns='jabber:iq:register'><remove/></query>")
        await home.settle()
        assert await home.database.fetch("SELECT * FROM privacy") == []
