"""Devices that sleep are notified through their app servers (XEP-0357)."""

from __future__ import annotations

import pytest

from server.errors import Condition, StanzaError
from tests.extensions.push.makers import (
    CALL,
    INVITE,
    NODE,
    NS,
    SM,
    acknowledge,
    disable,
    enable,
    open_makers,
    write,
)
from tests.harness.talk import expect_refusal

OPTIONS = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    "<field var='secret'><value>eruio234vzxc2kla-91</value></field></x>"
)


async def test_a_message_for_a_device_that_has_gone() -> None:
    """§7; without content, and no sooner than it would have come by itself."""
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        sent = makers.house.clock.now()
        await write(ben)
        await makers.pass_time(4.5)
        assert makers.taken == []
        await makers.pass_time(2)
        [found] = makers.taken
        assert 5 <= found.at - sent <= 6.5
        assert found.node == NODE
        assert found.fields == {"message-count": "1", "last-message-body": "1 new message"}
        assert found.options is None
        assert found.from_ == "anna@example.org"
        await makers.pass_time(200)
        assert len(makers.taken) == 1


async def test_options_are_sent_along() -> None:
    """§5: "the publish request SHOULD include the data as publish options"."""
    async with open_makers(sender=True) as makers:
        await makers.asleep(more=OPTIONS)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        [found] = makers.taken
        assert found.options is not None
        assert found.options.value("secret") == "eruio234vzxc2kla-91"
        assert found.fields["last-message-sender"] == "ben@example.org"


async def test_the_last_request_counts() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        await enable(phone, more=OPTIONS)
        await phone.close()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        [found] = makers.taken
        assert found.options is not None


async def test_after_a_restart() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await makers.house.restart()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        assert len(makers.taken) == 1


async def test_a_device_that_acknowledges_is_left_in_peace() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await acknowledge(phone)
        await makers.pass_time(10)
        assert makers.taken == []
        assert (await makers.history())[-1] == "cancelled: the device has the message"


async def test_a_device_that_does_not_acknowledge() -> None:
    async with open_makers() as makers:
        await makers.phone()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        assert [found.pending for found in makers.taken] == [1]


async def test_a_device_that_was_lost_and_comes_back() -> None:
    """It hibernates, is notified, resumes, acknowledges; then one new message is one."""
    async with open_makers() as makers:
        phone = await makers.phone()
        name = phone.session.resume_id
        phone.vanish()
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        assert [found.pending for found in makers.taken] == [1]
        phone = makers.house.connect()
        await phone.authenticate(await makers.house.add_user("anna"))
        await phone.send(f"<resume xmlns='{SM}' h='2' previd='{name}'/>")
        await phone.expect(f"<resumed xmlns='{SM}'/>")
        await acknowledge(phone)
        phone.vanish()
        await makers.pass_time(60)
        await write(ben)
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1, 1]


async def test_several_messages_are_one_notification() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        carl = await makers.house.online("carl/pc")
        for _ in range(3):
            await write(ben)
        await makers.pass_time(2)
        await write(carl)
        await makers.pass_time(5)
        assert [found.pending for found in makers.taken] == [4]
        assert makers.taken[0].text == "4 new messages"


async def test_one_notification_a_minute_for_one_conversation() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        carl = await makers.house.online("carl/pc")
        for _ in range(24):
            await write(ben)
            await makers.pass_time(5)
        first = makers.taken[0].at
        assert [round(found.at - first, -1) for found in makers.taken] == [0, 60]
        await write(carl)
        await makers.pass_time(7)
        assert [found.pending for found in makers.taken][-1] == 25
        assert len(makers.taken) == 3 or makers.taken[-1].at - makers.taken[-2].at >= 5


async def test_calls_do_not_wait() -> None:
    """XEP-0353 §3.1; and not for a minute between two of them either."""
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        await write(ben, CALL)
        assert [found.text for found in makers.taken] == ["Incoming call"]
        await write(await makers.house.online("carl/pc"), INVITE)
        assert len(makers.taken) == 2
        assert makers.taken[0].at == makers.taken[1].at == makers.house.clock.now()


async def test_who_calls_and_calls_is_heard_every_five_seconds() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        for _ in range(20):
            await write(ben, CALL)
        assert len(makers.taken) == 1
        await makers.pass_time(30)
        assert [found.pending for found in makers.taken] == [1, 20]


async def test_a_call_that_is_over_is_not_told() -> None:
    async with open_makers() as makers:
        await makers.phone()
        ben = await makers.house.online("ben/pc")
        await write(ben, CALL)
        await makers.pass_time(2)
        await write(ben, "<retract xmlns='urn:xmpp:jingle-message:0' id='c1'/>")
        await makers.pass_time(10)
        assert makers.taken == []
        assert "cancelled: the call is over" in await makers.history()


async def test_what_was_read_elsewhere_is_not_news() -> None:
    marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>"
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(2)
        await write(desk, marker, "ben@example.org")
        await makers.pass_time(10)
        assert makers.taken == []
        assert (await makers.history())[-1] == "cancelled: read on another device"


async def test_a_desk_that_nobody_sits_at_does_not_count() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        await write(await makers.house.online("ben/pc"))
        assert len(desk.take_all()) == 1
        await makers.pass_time(7)
        assert len(makers.taken) == 1


@pytest.mark.parametrize("inside", [
    "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
    "<received xmlns='urn:xmpp:receipts' id='1'/>",
    "<reactions xmlns='urn:xmpp:reactions:0' id='1'/><body>+</body>",
    "<body>hi</body><no-store xmlns='urn:xmpp:hints'/>",
])  # fmt: skip
async def test_what_is_worth_no_notification(inside: str) -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await write(await makers.house.online("ben/pc"), inside)
        await makers.pass_time(10)
        assert makers.taken == []


@pytest.mark.parametrize("condition", [
    Condition.ITEM_NOT_FOUND, Condition.NOT_ACCEPTABLE, Condition.NOT_ALLOWED, Condition.GONE,
])  # fmt: skip
async def test_an_app_server_that_does_not_know_the_device(condition: Condition) -> None:
    """§7.1."""
    async with open_makers() as makers:
        await makers.asleep()
        makers.app.refusal = StanzaError(condition)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        asked = makers.app.asked
        await write(ben)
        await makers.pass_time(100)
        assert makers.app.asked == asked == 1
        assert "disabled: the app server takes no more notifications" in await makers.history()


async def test_an_app_server_in_trouble_is_asked_again() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        makers.app.refusal = StanzaError(Condition.INTERNAL_SERVER_ERROR)
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(20)
        assert makers.app.asked == 1
        makers.app.refusal = None
        await makers.pass_time(30)
        assert [found.pending for found in makers.taken] == [1]


async def test_an_app_server_that_is_silent() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        makers.app.is_silent = True
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(50)
        assert makers.app.asked == 1
        makers.app.is_silent = False
        await makers.pass_time(40)
        assert len(makers.taken) == 1


async def test_disabling() -> None:
    """§6: one node, or all of a service."""
    async with open_makers() as makers:
        phone = await makers.phone()
        for node in ("n2", "n3"):
            await enable(phone, node)
        await disable(phone)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        assert {found.node for found in makers.taken} == {"n2", "n3"}
        await acknowledge(phone)
        await disable(phone, None)
        await write(ben)
        await makers.pass_time(100)
        assert len(makers.taken) == 2


@pytest.mark.parametrize(("inside", "condition"), [
    ("<enable xmlns='{}'/>", "bad-request"),
    ("<enable xmlns='{}' jid='@'/>", "jid-malformed"),
    ("<disable xmlns='{}'/>", "bad-request"),
    ("<enable xmlns='{}' jid='ben@example.org' node='n'/>", "not-acceptable"),
    ("<enable xmlns='{}' jid='a.example' node='" + "n" * 1024 + "'/>", "not-acceptable"),
    ("<enable xmlns='{}' jid='a.example'><x xmlns='jabber:x:data' type='form'/></enable>",
     "bad-request"),
])  # fmt: skip
async def test_wishes_that_make_no_sense(inside: str, condition: str) -> None:
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        await anna.send(f"<iq type='set' id='e'>{inside.format(NS)}</iq>")
        await expect_refusal(anna, condition, "iq")


async def test_so_many_devices_and_no_more() -> None:
    async with open_makers(devices_per_account=2) as makers:
        phone = await makers.phone()
        await enable(phone, "n2")
        await enable(phone, "n2")
        await phone.send(
            f"<iq type='set' id='e'><enable xmlns='{NS}' jid='a.example' node='n'/></iq>"
        )
        await expect_refusal(phone, "resource-constraint", "iq")


@pytest.mark.parametrize("who", ["ben", "nobody"])
async def test_only_the_owner(who: str) -> None:
    async with open_makers() as makers:
        await makers.house.add_user("ben")
        anna = await makers.house.online("anna/phone")
        wish = f"<enable xmlns='{NS}' jid='a.example' node='n'/>"
        await anna.send(f"<iq type='set' id='e' to='{who}@example.org'>{wish}</iq>")
        await expect_refusal(anna, "forbidden", "iq")


async def test_who_asks_is_told_that_it_can_be_done() -> None:
    """§4.1: "the server MUST include the feature 'urn:xmpp:push:0'" for the owner."""
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        await anna.send(f"<iq type='get' id='i' to='anna@example.org'>{query}</iq>")
        answer = await anna.expect("<iq type='result' id='i'/>")
        assert NS in {feature.get("var") for feature in answer[0]}


async def test_an_app_server_that_cannot_be_reached() -> None:
    """It may be some day: it is asked again and again, and at last no more."""
    async with open_makers() as makers:
        phone = await makers.house.online("anna/phone")
        await enable(phone, jid="nobody.example")
        await phone.close()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(200)
        history = await makers.history()
        assert history[-1].startswith("failed: remote-server-not-found")
        for _ in range(60):
            makers.house.clock.advance(3600)
            await makers.house.settle()
        history = await makers.history()
        assert history[-1] == "disabled: the app server takes no more notifications"
        assert await makers.house.database.fetch("SELECT node FROM push_device") == []
