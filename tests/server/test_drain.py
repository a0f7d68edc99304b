"""Messages on their late way: what is added, and in which order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from server.drain import delayed
from server.jid import JID
from server.stanza import qualify
from server.storage import messages
from tests.harness.clock import EPOCH
from tests.harness.house import House
from tests.harness.talk import SM, enable

if TYPE_CHECKING:
    from tests.harness.house import Client

ANNA = JID.of("anna@example.org")
MID = int(EPOCH * 1000) << 20 | 5
STAMP = "2023-11-14T22:13:20.000Z"
WIRE = b"<message from='ben@example.org/b'><body>hi</body></message>"


def test_what_waited_gets_its_identifier_and_its_time() -> None:
    """XEP-0203 §2: 'from' who delayed it, 'stamp' when it was sent; XEP-0359 §3."""
    found = etree.fromstring(
        qualify(delayed(WIRE, MID, b"anna@example.org", JID.of("example.org")))
    )
    assert [child.tag for child in found] == [
        "{jabber:client}body", "{urn:xmpp:sid:0}stanza-id", "{urn:xmpp:delay}delay",
    ]  # fmt: skip
    assert found[1].items() == [("id", f"{MID:016x}"), ("by", "anna@example.org")]
    assert found[2].items() == [("from", "example.org"), ("stamp", STAMP)]


async def parked(house: House) -> list[int]:
    account = await house.server.hosts["example.org"].accounts.load(ANNA)
    assert account is not None
    await house.settle()
    return await messages.parked(house.database, account.id)


def said(text: str, to: str = "anna@example.org") -> str:
    return f"<message type='chat' to='{to}'><body>{text}</body></message>"


def texts(client: Client) -> list[str]:
    found = [element.findtext("{jabber:client}body") for element in client.take_all()]
    return [text for text in found if text]


async def test_one_of_two_devices_has_acknowledged() -> None:
    """A message has arrived when one of the account's devices has it."""
    async with House() as house:
        one, two = await house.online("anna/1"), await house.online("anna/2")
        ben = await house.online("ben/b")
        one.take_all()
        for client in (one, two):
            await enable(client)
        await ben.send(said("hi"))
        await two.send(f"<a xmlns='{SM}' h='1'/>")
        two.vanish()
        one.vanish()
        house.clock.advance(1000)
        await house.settle()
        later = await house.login("anna/later")
        await later.send("<presence/>")
        assert texts(later) == []
        assert await parked(house) == []


async def test_devices_that_acknowledge_out_of_turn() -> None:
    """What one device lacks stays pending although another one has newer messages."""
    async with House() as house:
        one, two = await house.online("anna/1"), await house.online("anna/2")
        ben = await house.online("ben/b")
        one.take_all()
        for client in (one, two):
            await enable(client)
        await ben.send(said("for 1", "anna@example.org/1"))
        await ben.send(said("for 2", "anna@example.org/2"))
        await two.send(f"<a xmlns='{SM}' h='1'/>")
        assert len(await parked(house)) == 1
        await house.restart()
        later = await house.login("anna/later")
        await later.send("<presence/>")
        assert texts(later) == ["for 1"]
        assert await parked(house) == []


async def test_a_crash_between_two_acknowledgements() -> None:
    """What is not known to have arrived comes again: twice is better than never."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await enable(anna)
        await ben.send(said("1") + said("2"))
        await anna.send(f"<a xmlns='{SM}' h='1'/>")
        await house.restart()
        later = await house.login("anna/a")
        await later.send("<presence/>")
        assert texts(later) == ["2"]


@pytest.mark.parametrize("size", [10, 300_000])
async def test_a_long_queue_of_large_messages(size: int) -> None:
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        for number in range(3):
            await ben.send(said(f"{number}{'a' * (size // 2)}"))
        anna = await house.login("anna/a")
        await anna.send("<presence/>")
        assert [text[0] for text in texts(anna)] == ["0", "1", "2"]


async def test_no_more_may_wait_than_the_limit() -> None:
    """XEP-0160 §2: "because the recipient's offline message queue is full"."""
    async with House(config={"limits": {"pending_per_account": 2}}) as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        for number in range(2):
            await ben.send(said(str(number)))
        await ben.expect_nothing()
        await ben.send(said("one too many"))
        await ben.expect("<message type='error' from='anna@example.org'/>")
        anna = await house.login("anna/a")
        await anna.send("<presence/>")
        assert texts(anna) == ["0", "1"]
        await anna.close()
        await ben.send(said("again"))
        await ben.expect_nothing()


COUNT = 450


async def waiting(house: House) -> Client:
    """Somebody for whom more waits than is read at once; gives the sender."""
    await house.add_user("ben")
    anna = await house.online("anna/desk")
    for number in range(COUNT):
        anna.say(f"<message to='ben@example.org' type='chat'><body>{number}</body></message>")
    await house.settle()
    return anna


async def managed(house: House, name: str) -> Client:
    """A device with stream management that has not sent presence."""
    device = await house.login(name)
    await device.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    device.take_all()
    return device


async def test_a_device_goes_on_where_another_one_ended() -> None:
    async with House(config={"stream_management": {"max_unacked": 200}}) as house:
        await waiting(house)
        phone, laptop = [await managed(house, f"ben/{name}") for name in ("phone", "laptop")]
        await phone.send("<presence/>")
        first = texts(phone)
        assert 0 < len(first) < COUNT
        await laptop.send("<presence/>")
        assert not texts(laptop)
        await phone.send(f"<a xmlns='urn:xmpp:sm:3' h='{50 + 1}'/>")  # and its own presence
        await phone.close()
        got: list[str] = []
        h = 3  # presence: its own, that of the phone, and its end
        for _ in range(50):
            await house.settle()
            new = texts(laptop)
            got += new
            h += len(new)
            await laptop.send(f"<a xmlns='urn:xmpp:sm:3' h='{h - 1}'/>")
            house.clock.advance(1)
        assert got == [str(number) for number in range(50, COUNT)]
