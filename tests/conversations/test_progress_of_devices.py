"""Each device gets every message: a cursor for each over the same archive (XEP-0160, XEP-0386)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.registry import ALL
from server.storage import clients
from tests.harness.house import CORE, House
from tests.harness.sasl2 import BIND, BOUND, LAPTOP, PHONE, log_in
from tests.harness.talk import SM

if TYPE_CHECKING:
    from server.element import Element
    from server.storage.clients import ClientRow
    from tests.harness.house import Client

EVERYTHING = (*CORE, *ALL)
ENABLE = BIND.replace("/>", f"><enable xmlns='{SM}'/></bind>")
DELAY = "{urn:xmpp:delay}delay"
CLIENTS = "<iq type='get' id='cam'><list xmlns='urn:xmpp:cam:0'/></iq>"
ARCHIVE = "<iq type='set' id='mam'><query xmlns='urn:xmpp:mam:2'/></iq>"


async def come(
    house: House, agent: str, *, managed: bool = False, presence: str = "<presence/>"
) -> Client:
    """One of anna's devices, with what it was given at once in its inbox."""
    await house.add_user("anna")
    client = await log_in(house, "anna", *([ENABLE] if managed else []), agent=agent)
    await client.expect(BOUND)
    await client.send(presence)
    return client


async def write(ben: Client, *texts: str, to: str = "anna@example.org") -> None:
    for text in texts:
        await ben.send(f"<message type='chat' to='{to}'><body>{text}</body></message>")


async def acknowledge(client: Client, but: int = 0) -> None:
    """Acknowledge all that came, but for the last few (XEP-0198 §4)."""
    outbox = client.session.outbox
    assert outbox is not None
    await client.send(f"<a xmlns='{SM}' h='{outbox.sent - but}'/>")


def heard(client: Client) -> list[str]:
    found = (element.findtext("{jabber:client}body") for element in client.take_all())
    return [text for text in found if text]


async def test_a_device_gets_what_another_one_has_had() -> None:
    async with House() as house:
        phone, laptop = await come(house, PHONE), await come(house, LAPTOP)
        ben = await house.online("ben/b")
        await write(ben, "both")
        assert (heard(phone), heard(laptop)) == (["both"], ["both"])
        await laptop.close()
        await write(ben, "1", "2")
        assert heard(phone) == ["1", "2"]
        laptop = await come(house, LAPTOP)
        late = [e for e in laptop.take_all() if e.tag.endswith("message")]
        assert [e.findtext("{jabber:client}body") for e in late] == ["1", "2"]
        assert all(e.find(DELAY) is not None for e in late)
        await laptop.close()
        assert heard(await come(house, LAPTOP)) == []


async def test_a_new_device_starts_now() -> None:
    """What came before it is for the archive to tell; but what nobody has had it is given."""
    async with House() as house:
        phone = await come(house, PHONE)
        ben = await house.online("ben/b")
        await write(ben, "old")
        await phone.close()
        await write(ben, "new")
        house.clock.advance(1)
        laptop = await come(house, LAPTOP)
        assert heard(laptop) == ["new"]
        assert heard(await come(house, PHONE)) == ["new"]


@pytest.mark.parametrize("managed", [False, True])
async def test_after_a_restart(managed: bool) -> None:
    """The cursors are on disk. Without acknowledgements, written counts as delivered."""
    async with House() as house:
        phone, laptop = await come(house, PHONE), await come(house, LAPTOP, managed=managed)
        ben = await house.online("ben/b")
        await write(ben, "1")
        if managed:
            await acknowledge(laptop)
        await laptop.close()
        await write(ben, "2")
        assert heard(phone) == ["1", "2"]
        await house.restart()
        ben = await house.online("ben/b")
        await write(ben, "3")
        assert heard(await come(house, LAPTOP, managed=managed)) == ["2", "3"]


async def test_what_was_not_acknowledged_comes_again() -> None:
    """XEP-0198 §5, for each device by itself."""
    async with House() as house:
        phone, laptop = await come(house, PHONE), await come(house, LAPTOP, managed=True)
        ben = await house.online("ben/b")
        await write(ben, "1", "2", "3")
        assert heard(laptop) == ["1", "2", "3"]
        await acknowledge(laptop, but=2)
        await laptop.close()
        assert heard(phone) == ["1", "2", "3"]
        assert heard(await come(house, LAPTOP, managed=True)) == ["2", "3"]


async def test_what_was_taken_back_is_passed_over() -> None:
    """XEP-0424: and what comes before it is still due to a device that did not acknowledge it."""
    async with House(EVERYTHING) as house:
        await (await come(house, LAPTOP, managed=True)).close()
        ben = await house.online("ben/b")
        await write(ben, "1")
        await ben.send(
            "<message type='chat' id='slip' to='anna@example.org'><body>2</body>"
            "<origin-id xmlns='urn:xmpp:sid:0' id='slip'/></message>"
        )
        await ben.send(
            "<message type='chat' id='taken-back' to='anna@example.org'>"
            "<retract xmlns='urn:xmpp:message-retract:1' id='slip'/></message>"
        )
        laptop = await come(house, LAPTOP, managed=True)
        assert heard(laptop) == ["1"]
        await laptop.close()
        assert heard(await come(house, PHONE)) == ["1"]
        assert heard(await come(house, LAPTOP)) == ["1"]


async def test_who_reads_the_archive_is_not_told_twice() -> None:
    """XEP-0313: it catches up by itself, from its first question on, also after a restart."""
    async with House(EVERYTHING) as house:
        phone, laptop = await come(house, PHONE), await come(house, LAPTOP)
        ben = await house.online("ben/b")
        await laptop.send(ARCHIVE)
        await laptop.close()
        await write(ben, "1")
        await house.restart()
        phone = await come(house, PHONE)
        assert heard(phone) == []
        laptop = await come(house, LAPTOP)
        assert heard(laptop) == []


async def test_two_come_back_at_the_same_moment() -> None:
    """Each gets all, in order, once: those that nobody has had, and live ones behind them."""
    async with House() as house:
        tablet = "0b1f3c58-0000-4b6e-8a3c-6a3a3f2e9a10"
        for agent in (PHONE, LAPTOP, tablet):
            await (await come(house, agent)).close()
        ben = await house.online("ben/b")
        await write(ben, *map(str, range(450)))
        late = [await come(house, agent, presence="") for agent in (PHONE, LAPTOP)]
        for client in late:
            client.say("<presence/>")
        await write(ben, "live")
        expected = [*map(str, range(450)), "live"]
        assert [heard(client) for client in late] == [expected, expected]
        assert heard(await come(house, tablet)) == expected


async def test_what_was_for_another_resource_is_not() -> None:
    async with House() as house:
        phone, laptop = await come(house, PHONE), await come(house, LAPTOP)
        ben = await house.online("ben/b")
        await laptop.close()
        await write(ben, "for the phone", to=phone.session.jid)
        await write(ben, "for all")
        assert heard(phone) == ["for the phone", "for all"]
        assert heard(await come(house, LAPTOP)) == ["for all"]


async def test_a_client_without_a_name_is_no_device_of_its_own() -> None:
    """RFC 6121 §8.5.2.2, XEP-0160: one of the account's devices gets what waited."""
    async with House() as house:
        phone = await come(house, PHONE)
        other = await house.online("anna/other")
        ben = await house.online("ben/b")
        await other.close()
        await write(ben, "1")
        assert heard(phone) == ["1"]
        await (await house.online("anna/other")).expect_nothing()


async def test_the_owner_sees_how_far_each_has_come() -> None:
    async with House(EVERYTHING) as house:
        await come(house, LAPTOP)
        phone = await come(house, PHONE)
        ben = await house.online("ben/b")
        await write(ben, "1")
        (message,) = [e for e in phone.take_all() if e.tag.endswith("message")]
        stanza_id = message.find("{urn:xmpp:sid:0}stanza-id")
        assert stanza_id is not None
        await phone.send(CLIENTS)
        answer = await phone.next()
        assert delivered(answer) == [stanza_id.get("id")] * 2


def delivered(answer: Element) -> list[str | None]:
    return [each.get("id") for each in answer.iter("{urn:skerry:delivered:0}delivered")]


async def test_a_client_that_comes_back_before_its_last_word_is_on_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with House() as house:
        laptop, _ = await come(house, LAPTOP, managed=True), await come(house, PHONE)
        ben = await house.online("ben/b")
        await write(ben, "1", "2")
        session = laptop.session
        before = await clients.find(house.database, session.account.id, session.client)

        async def find(*_: object) -> ClientRow | None:
            return before

        monkeypatch.setattr(clients, "find", find)
        await acknowledge(laptop)
        assert heard(await come(house, LAPTOP, managed=True)) == []


async def test_two_come_back_after_a_restart() -> None:
    """While one of them is handed what nobody has had, nobody knows yet how much that is."""
    async with House() as house:
        for agent in (PHONE, LAPTOP):
            await (await come(house, agent)).close()
        ben = await house.online("ben/b")
        await write(ben, "1", "2")
        await house.restart()
        late = [await come(house, agent, presence="") for agent in (PHONE, LAPTOP)]
        for client in late:
            client.say("<presence/>")
        await house.settle()
        assert [heard(client) for client in late] == [["1", "2"], ["1", "2"]]


@pytest.mark.parametrize("managed", [False, True])
async def test_what_comes_before_presence_is_not_the_last_word(managed: bool) -> None:
    """RFC 6121 §8.5.3.1: a bound resource gets what names it; but that carries no cursor on."""
    async with House() as house:
        laptop, _ = await come(house, LAPTOP, managed=managed), await come(house, PHONE)
        await laptop.close()
        ben = await house.online("ben/b")
        await write(ben, "1", "2")
        laptop = await come(house, LAPTOP, managed=managed, presence="")
        await write(ben, "3", to=laptop.session.jid)
        if managed:
            await acknowledge(laptop)
        await laptop.send("<presence/>")
        await write(ben, "4")
        assert heard(laptop) == ["3", "1", "2", "4"]
        if managed:
            await acknowledge(laptop)
        await laptop.close()
        assert heard(await come(house, LAPTOP)) == []


async def test_what_comes_with_a_negative_priority_is_not_either() -> None:
    """RFC 6121 §8.5.2.1.1: such a device gets only what names it."""
    async with House() as house:
        laptop, _ = await come(house, LAPTOP), await come(house, PHONE)
        ben = await house.online("ben/b")
        await laptop.send("<presence><priority>-1</priority></presence>")
        await write(ben, "1")
        await write(ben, "2", to=laptop.session.jid)
        await laptop.send("<presence/>")
        assert heard(laptop) == ["2", "1"]


@pytest.mark.parametrize("managed", [False, True])
async def test_who_leaves_for_a_moment_while_it_is_handed_what_it_missed(managed: bool) -> None:
    async with House() as house:
        laptop, _ = await come(house, LAPTOP, managed=managed), await come(house, PHONE)
        await laptop.close()
        ben = await house.online("ben/b")
        await write(ben, "1", "2")
        laptop = await come(house, LAPTOP, managed=managed, presence="")
        laptop.line.congested = True
        await laptop.send("<presence/>")
        await laptop.send("<presence type='unavailable'/>")
        await write(ben, "3")
        await write(ben, "named", to=laptop.session.jid)
        await laptop.send("<presence/>")
        await write(ben, "live")
        laptop.line.congested = False
        house.clock.advance(5)
        await house.settle()
        assert heard(laptop) == ["1", "2", "3", "named", "live"]


@pytest.mark.parametrize("managed", [False, True])
async def test_what_came_before_presence_does_not_come_again(managed: bool) -> None:
    async with House() as house:
        await (await come(house, LAPTOP, managed=managed)).close()
        ben = await house.online("ben/b")
        laptop = await come(house, LAPTOP, managed=managed, presence="")
        await write(ben, "1", to=laptop.session.jid)
        if managed:
            await acknowledge(laptop)
        await laptop.send("<presence/>")
        assert heard(laptop) == ["1"]
        await laptop.close()
        assert heard(await come(house, LAPTOP, managed=managed)) == []


async def test_a_slow_device_holds_up_no_other() -> None:
    """One that does not read what it is given keeps what is pending, but not the others' mail."""
    async with House() as house:
        for agent in (PHONE, LAPTOP):
            await (await come(house, agent)).close()
        ben = await house.online("ben/b")
        await write(ben, *map(str, range(450)))
        phone = await come(house, PHONE, presence="")
        phone.line.congested = True
        await phone.send("<presence/>")
        laptop = await come(house, LAPTOP)
        await write(ben, "live")
        assert heard(laptop) == [*map(str, range(450)), "live"]
        assert len(heard(phone)) < 450
        phone.line.congested = False
        house.clock.advance(5)
        await house.settle()
        assert not phone.session.held
