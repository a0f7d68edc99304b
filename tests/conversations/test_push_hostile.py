"""Who would have this server flood, spy on or speak to others by means of notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from extensions.blocking import Blocking
from extensions.push import store
from extensions.push.publisher import MOST_AT_ONE, MOST_FOR_ONE
from extensions.push.rules import MOST_A_MINUTE
from extensions.push.scheduler import CALLS_A_SECOND
from server.errors import Condition, StanzaError
from server.queries import MOST_FOR_ONE as ASKED_OF_ONE
from tests.extensions.push.makers import (
    APP,
    BODY,
    CALL,
    NODE,
    NS,
    PUBSUB,
    AppService,
    enable,
    manage,
    open_makers,
    write,
)
from tests.harness.talk import expect_refusal

if TYPE_CHECKING:
    from extensions.push.store import DeviceRow
    from server.stanza import Stanza
    from server.storage.database import Database
    from tests.harness.house import Client

PUSH2 = "urn:xmpp:push2:0"
WAKE = (
    "<match profile='urn:xmpp:push2:match:important'>"
    "<send xmlns='urn:xmpp:push2:send:notify-only:0'/></match>"
)


async def refused(client: Client, inside: str, condition: str) -> None:
    await client.send(f"<iq type='set' id='e'>{inside}</iq>")
    await expect_refusal(client, condition, "iq")


@pytest.mark.parametrize("jid", [
    "example.org", "EXAMPLE.org", "example.org/x", "ben@example.org", "anna@example.org",
])  # fmt: skip
async def test_this_server_is_no_app_server(jid: str) -> None:
    """Nor are accounts, for which it would answer itself."""
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        wish = f"<enable xmlns='{NS}' jid='{jid}' node='n'/>"
        await refused(anna, wish, "not-acceptable")
        where = f"<service>{jid}</service><client>c</client>"
        await refused(anna, f"<enable xmlns='{PUSH2}'>{where}{WAKE}</enable>", "not-acceptable")


@pytest.mark.parametrize("blocked", [False, True])
async def test_a_program_logged_in_here(blocked: bool) -> None:
    """It hears users in their own name, not the server's, and need not hear all of them."""
    async with open_makers(Blocking) as makers:
        app = await makers.house.online("app/server")
        await makers.asleep(jid=app.jid)
        if blocked:
            block = "<block xmlns='urn:xmpp:blocking'><item jid='anna@example.org'/></block>"
            await app.send(f"<iq type='set' id='b'>{block}</iq>")
        app.take_all()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        asked = [element for element in app.take_all() if element.tag.endswith("}iq")]
        if blocked:
            assert not [each for each in asked if each.find(f"{{{PUBSUB}}}pubsub") is not None]
            return
        (request,) = asked
        assert request.get("from") == "anna@example.org"
        assert BODY not in etree.tostring(request, encoding="unicode")
        await app.send(f"<iq type='result' id='{request.get('id')}' to='anna@example.org'/>")
        assert any("taken by the app server" in line for line in await makers.history())


async def test_a_node_of_the_own_service() -> None:
    """Its owner may publish there, and so may notifications in his name."""
    async with open_makers() as makers:
        anna = await makers.house.online("anna/pc")
        create = f"<pubsub xmlns='{PUBSUB}'><create node='{NODE}'/></pubsub>"
        await anna.send(f"<iq type='set' id='c' to='pubsub.example.org'>{create}</iq>")
        await anna.expect("<iq type='result' id='c'/>")
        await makers.asleep(jid="pubsub.example.org")
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        assert any("taken by the app server" in line for line in await makers.history())


async def test_a_thousand_registrations() -> None:
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        for number in range(1000):
            wish = f"<enable xmlns='{NS}' jid='{APP}' node='{number}'/>"
            anna.say(f"<iq type='set' id='{number}'>{wish}</iq>")
        await makers.house.settle()
        assert len(await makers.house.database.fetch("SELECT node FROM push_device")) == 20


async def test_many_clients_at_once() -> None:
    """They do not look before the others have written."""
    async with open_makers(devices_per_account=5) as makers:
        clients = [await makers.house.online(f"anna/{number}") for number in range(20)]
        for number, client in enumerate(clients):
            client.say(
                f"<iq type='set' id='e'><enable xmlns='{NS}' jid='{APP}' node='{number}'/></iq>"
            )
        await makers.house.settle()
        assert len(await makers.house.database.fetch("SELECT node FROM push_device")) == 5


@pytest.mark.parametrize("inside", [BODY, CALL])
async def test_a_flood(inside: str) -> None:
    """However many write or call, each of a few devices is told a few times a minute."""
    async with open_makers() as makers:
        await makers.asleep()
        strangers = [await makers.house.online(f"stranger{number}/pc") for number in range(40)]
        for stranger in strangers:
            await write(stranger, inside)
            await makers.pass_time(1.4)
        assert len(makers.taken) <= MOST_A_MINUTE
        await makers.pass_time(70)
        assert makers.taken[-1].pending == 40


async def test_markup_in_the_name_of_a_node() -> None:
    node = "n&apos;&gt;&lt;/publish&gt;&amp;&quot;ä"
    async with open_makers() as makers:
        await makers.asleep(node=node)
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        assert [found.node for found in makers.taken] == ["n'></publish>&\"ä"]
        assert len(await makers.history()) == 4


async def test_long_names() -> None:
    """All that can be registered can be stored, in both databases."""
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        wish = "<enable xmlns='{}' jid='{}' node='{}'/>"
        jid = f"{'l' * 1000}@{'d.' * 120}example/{'r' * 1000}"
        await refused(anna, wish.format(NS, jid, "n"), "not-acceptable")
        await refused(anna, wish.format(NS, "a.example", "ä" * 1023), "not-acceptable")
        node = "".join(chr(0x4E00 + number * 7) for number in range(670))
        await enable(anna, node, jid="a.example")
        rows = await makers.house.database.fetch("SELECT node FROM push_device")
        assert [row[0] for row in rows] == [node]


async def test_too_many_wishes() -> None:
    items = "".join(f"<item jid='{'x' * 200}{number}@m'/>" for number in range(400))
    async with open_makers() as makers:
        anna = await makers.house.online("anna/phone")
        muted = f"<muted xmlns='tigase:push:filter:muted:0'>{items}</muted>"
        wish = f"<enable xmlns='{NS}' jid='{APP}' node='n'>{muted}</enable>"
        await refused(anna, wish, "not-acceptable")


async def test_an_app_server_that_talks() -> None:
    """Nothing of what it says is kept but the condition."""
    async with open_makers() as makers:
        await makers.asleep()
        makers.app.refusal = StanzaError(Condition.INTERNAL_SERVER_ERROR, "x" * 100_000)
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(20)
        history = await makers.history()
        assert history[-1].startswith("failed: internal-server-error; next attempt in ")
        assert sum(map(len, history)) < 1000


async def test_somebody_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even who knows what was asked: the answer must come from whom it was asked."""
    asked: list[str] = []

    def listen(self: AppService, stanza: Stanza, session: object = None) -> None:
        asked.append(stanza.id or "")

    async with open_makers() as makers:
        await makers.asleep()
        monkeypatch.setattr(AppService, "receive", listen)
        ben = await makers.house.online("ben/pc")
        await write(ben)
        await makers.pass_time(7)
        gone = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        await ben.send(f"<iq type='error' to='example.org' id='{asked[0]}'>{gone}</iq>")
        await makers.pass_time(10)
        assert len(await makers.house.database.fetch("SELECT node FROM push_device")) == 1


async def test_somebody_else_announces_the_end() -> None:
    """§8: nobody but the app server itself, and for its own node."""
    notice = (
        "<message to='anna@example.org'><pubsub xmlns='{}' node='{}'>"
        "<affiliation jid='anna@example.org' affiliation='none'/></pubsub></message>"
    )
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        await ben.send(notice.format(PUBSUB, NODE))
        makers.app.say(notice.format(PUBSUB, "other").replace("<message", f"<message from='{APP}'"))
        await makers.house.settle()
        assert len(await makers.house.database.fetch("SELECT node FROM push_device")) == 1


def test_no_more_is_asked_than_can_be() -> None:
    """Else notifications would fail for no fault of the app server."""
    assert MOST_AT_ONE < ASKED_OF_ONE
    assert MOST_AT_ONE < MOST_FOR_ONE


async def test_coming_and_going_is_not_remembered_for_good() -> None:
    """Only of devices that are to be notified is it noted what they got."""
    async with open_makers() as makers:
        await makers.asleep()
        await write(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        for number in range(30):
            desk = await makers.house.online(f"anna/{number}")
            await manage(desk)
            await desk.send("</stream:stream>")
        [device] = makers.push._devices.watch(await makers.account()).devices.values()
        [arrival] = device.agenda.waiting
        assert arrival.had == set()


async def test_who_is_mentioned_by_endless_names() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        uri = f"<reference xmlns='urn:xmpp:reference:0' type='mention' uri='xmpp:{'x' * 9000}'/>"
        await write(await makers.house.online("ben/pc"), BODY + uri * 10)
        [fresh] = makers.push._devices.watch(await makers.account()).fresh
        assert fresh.named == frozenset()


async def test_calls_without_end_have_the_devices_read_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty devices with many wishes are half a megabyte."""
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        looked: list[int] = []

        async def listing(db: Database, account: int) -> list[DeviceRow]:
            looked.append(account)
            return await read(db, account)

        read = store.listing
        monkeypatch.setattr(store, "listing", listing)
        for number in range(100):
            await write(ben, CALL.replace("c1", f"c{number}"))
            await makers.house.settle()
        assert makers.app.asked == 1
        assert len(looked) == CALLS_A_SECOND + 1
        await makers.pass_time(2)
        assert len(looked) <= CALLS_A_SECOND + 3
