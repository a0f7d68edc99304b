"""Who does not want to be notified is not: bookmarks, filters, revoked clients, read elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.clients import Clients
from extensions.csi import NS as CSI
from extensions.registration import Registration
from server import clients
from server.storage import clients as store
from tests.extensions.push.makers import (
    APP,
    BODY,
    CALL,
    NODE,
    PUBSUB,
    Makers,
    acknowledge,
    enable,
    manage,
    open_makers,
    write,
)
from tests.harness.sasl2 import FEATURES, SUCCESS, log_in

if TYPE_CHECKING:
    from tests.harness.house import Client

COMMANDS = "http://jabber.org/protocol/commands"
MENTION = "<reference xmlns='urn:xmpp:reference:0' type='mention' uri='xmpp:anna@example.org'/>"


async def publish(client: Client, node: str, item: str, payload: str) -> None:
    inside = f"<publish node='{node}'><item id='{item}'>{payload}</item></publish>"
    await client.send(f"<iq type='set' id='p'><pubsub xmlns='{PUBSUB}'>{inside}</pubsub></iq>")
    await client.expect("<iq type='result' id='p'/>")


async def mute(client: Client, setting: str) -> None:
    """What anna wants to hear of ben (XEP-0492)."""
    notify = f"<notify xmlns='urn:xmpp:notification-settings:1'><{setting}/></notify>"
    payload = (
        f"<conference xmlns='urn:xmpp:bookmarks:1'><extensions>{notify}</extensions></conference>"
    )
    await publish(client, "urn:xmpp:bookmarks:1", "ben@example.org", payload)


async def stanza_id(client: Client) -> str:
    message = await client.next()
    found = message.find("{urn:xmpp:sid:0}stanza-id")
    assert found is not None
    return found.get("id", "")


async def test_muted_in_the_bookmarks() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        await mute(phone, "never")
        await phone.close()
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await write(ben, CALL)
        await makers.pass_time(10)
        assert makers.taken == []
        assert "not armed: the bookmark says not to notify" in await makers.history()
        await write(await makers.house.online("carl/pc"))
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]


async def test_on_mention() -> None:
    async with open_makers() as makers:
        phone = await makers.phone()
        await mute(phone, "on-mention")
        await phone.close()
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(10)
        assert makers.taken == []
        await write(ben, BODY + MENTION)
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]


async def test_filters_of_the_device() -> None:
    """`tigase:push:filter:muted:0` and `tigase:push:filter:ignore-unknown:0`."""
    more = (
        "<muted xmlns='tigase:push:filter:muted:0'><item jid='ben@example.org'/></muted>"
        "<ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>"
    )
    async with open_makers() as makers:
        phone = await makers.phone(more=more)
        for name in ("ben", "carl"):
            item = f"<item jid='{name}@example.org'/>"
            await phone.send(
                f"<iq type='set' id='r'><query xmlns='jabber:iq:roster'>{item}</query></iq>"
            )
        await phone.close()
        for name in ("ben", "dora"):
            await write(await makers.house.online(f"{name}/pc"))
        await makers.pass_time(10)
        assert makers.taken == []
        await write(await makers.house.online("carl/pc"))
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]


async def test_marked_as_read_by_another_device() -> None:
    """XEP-0490 §4.2: up to a message, and what came later is news."""
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        ben = await makers.house.online("ben/pc")
        await write(ben)
        number = await stanza_id(desk)
        await write(ben)
        desk.take_all()
        read = (
            "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0'"
            f" by='anna@example.org' id='{number}'/></displayed>"
        )
        await publish(desk, "urn:xmpp:mds:displayed:0", "ben@example.org", read)
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]
        assert "cancelled: read on another device" in await makers.history()


async def test_a_copy_that_was_acknowledged_is_enough() -> None:
    """XEP-0280: the message went to another device, and a copy to this one."""
    async with open_makers() as makers:
        phone = await makers.phone()
        await phone.send("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
        await phone.expect("<iq type='result' id='c'/>")
        await makers.house.online("anna/desk")
        phone.take_all()
        ben = await makers.house.online("ben/pc")
        await write(ben, to="anna@example.org/desk")
        await acknowledge(phone)
        await makers.pass_time(10)
        assert makers.taken == []
        await write(ben, to="anna@example.org/desk")
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]


async def test_an_inactive_device_that_cannot_acknowledge() -> None:
    """XEP-0352: nobody looks, and nobody knows whether it arrived."""
    async with open_makers() as makers:
        phone = await makers.house.online("anna/phone")
        await enable(phone)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(10)
        assert makers.taken == []
        await phone.send(f"<inactive xmlns='{CSI}'/>")
        await write(ben)
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]


async def test_the_device_is_its_client() -> None:
    """With another resource it is still the same device (XEP-0388 §2.3)."""
    async with open_makers() as makers:
        phone = await sasl2(makers)
        await enable(phone)
        await phone.close()
        phone = await sasl2(makers)
        await write(await makers.house.online("ben/pc"))
        await acknowledge(phone)
        await makers.pass_time(10)
        assert makers.taken == []


async def test_acknowledged_and_gone() -> None:
    """What the session had got when it ended, the device has; what it had not, it has not."""
    async with open_makers() as makers:
        phone = await makers.phone()
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await acknowledge(phone)
        await phone.close()
        await makers.pass_time(10)
        assert makers.taken == []
        assert (await makers.history())[-1] == "cancelled: the device has the message"
        phone = await makers.phone()
        await write(ben)
        await phone.close()
        await makers.pass_time(10)
        assert [found.pending for found in makers.taken] == [1]


async def test_fetched_and_gone() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await write(await makers.house.online("ben/pc"))
        phone = await makers.house.login("anna/phone")
        await manage(phone)
        await phone.send("<presence/>")
        await acknowledge(phone)
        await phone.close()
        await makers.pass_time(10)
        assert makers.taken == []


async def test_a_client_whose_access_was_taken_away() -> None:
    """XEP-0494 §3.2; at once, and only its own device."""
    async with open_makers(Clients, Registration) as makers:
        phone = await sasl2(makers)
        await enable(phone)
        tablet = await makers.phone("anna/tablet", "tablet")
        await tablet.close()
        account, client = phone.session.account, phone.session.client
        await clients.revoke(makers.house.server, account, client)
        await makers.house.settle()
        rows = await makers.house.database.fetch("SELECT node FROM push_device")
        assert rows == [("tablet",)]
        assert "disabled: the client has no access any more" in await makers.history()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(10)
        assert [found.node for found in makers.taken] == ["tablet"]


async def test_a_client_that_was_forgotten() -> None:
    """It was not seen for long (`clients.keep`): nobody says so, but it is looked at in time."""
    async with open_makers(Clients, Registration) as makers:
        phone = await sasl2(makers)
        await enable(phone)
        account, client = phone.session.account, phone.session.client
        await phone.close()
        await store.write(makers.house.database, store.forgetting(account.id, client))
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(10)
        assert makers.taken == []
        assert await makers.house.database.fetch("SELECT node FROM push_device") == []


async def sasl2(makers: Makers) -> Client:
    """A telephone that says which client it is (XEP-0388 §2.3)."""
    phone = await log_in(makers.house, "anna")
    await phone.expect(SUCCESS)
    await phone.expect(FEATURES)
    await manage(phone)
    await phone.send("<presence/>")
    phone.take_all()
    return phone


async def test_an_app_server_that_announces_its_end() -> None:
    """§8; only for its own nodes."""
    notice = (
        "<message from='{}' to='anna@example.org'><pubsub xmlns='{}' node='{}'>"
        "<affiliation jid='anna@example.org' affiliation='none'/></pubsub></message>"
    )
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        await ben.send(notice.format("ben@example.org/pc", PUBSUB, NODE))
        await write(ben)
        await makers.pass_time(7)
        assert len(makers.taken) == 1
        makers.app.say(notice.format(APP, PUBSUB, NODE))
        await write(ben)
        await makers.pass_time(100)
        assert len(makers.taken) == 1
        assert "disabled: the app server announced it" in await makers.history()


async def test_the_owner_can_ask_why() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        desk = await makers.house.online("anna/desk")
        command = f"<command xmlns='{COMMANDS}' node='push-history'/>"
        await desk.send(f"<iq type='set' id='h' to='anna@example.org'>{command}</iq>")
        answer = await desk.expect("<iq type='result' id='h'/>")
        history, devices = (
            [value.text or "" for value in field] for field in answer.iter("{jabber:x:data}field")
        )
        assert [line.partition(": ")[2] for line in history] == [
            "taken by the app server", "sent: 1 new message", "armed (ben@example.org)", "enabled",
        ]  # fmt: skip
        assert devices == [f"{APP} {NODE} (phone): is told numbers only"]


async def test_an_account_that_is_deleted() -> None:
    async with open_makers(Registration) as makers:
        phone = await makers.phone()
        await phone.send(
            "<iq type='set' id='d'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await makers.pass_time(5)
        rows = await makers.house.database.fetch("SELECT account FROM push_device")
        assert rows == []
