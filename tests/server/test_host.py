"""One host: what its users send, what comes for them, what it answers itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from server.errors import Condition, StanzaError
from server.extension import At, Extension, Outbound, Phase
from server.jid import JID
from server.stanza import Stanza
from tests.harness.house import CORE, House
from tests.harness.loop import settle
from tests.harness.talk import BODY, expect_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.extension import Wire
    from server.session import Session

HOST = "example.org"


class Slow(Extension):
    """Has something to do for each message, which takes as long as the test says."""

    name = "slow"

    def wires(self) -> Iterable[Wire]:
        yield Outbound(Phase.REWRITE, self.see)

    def see(self, session: Session, stanza: Stanza) -> None:
        self.host.hold(self.work)

    async def work(self) -> None:
        self.asked = asyncio.get_running_loop().create_future()
        await self.asked


async def test_it_knows_itself() -> None:
    async with House() as house:
        host = house.server.hosts[HOST]
        assert (host.domain, host.jid) == (HOST, HOST)
        assert host.service("roster") is host.extensions["roster"]
        with pytest.raises(KeyError):
            host.service("nonsense")


async def test_features_are_sorted_and_forms_made_anew() -> None:
    async with House() as house:
        host = house.server.hosts[HOST]
        for at in At:
            assert host.features(at) == sorted(host.features(at))
            assert host.forms(at) == []


async def test_a_name_that_nobody_has() -> None:
    """RFC 6121 §8.5.1: presence and headlines are ignored, messages and requests are refused."""
    async with House() as house:
        anna = await house.login("anna/a")
        for quiet in (
            "<presence to='nobody@example.org'/>",
            "<presence type='unavailable' to='nobody@example.org'/>",
            f"<message type='headline' to='nobody@example.org'>{BODY}</message>",
            f"<message type='error' to='nobody@example.org'>{BODY}</message>",
        ):
            await anna.send(quiet)
            await anna.expect_nothing()
        await anna.send(f"<message id='m' to='nobody@example.org'>{BODY}</message>")
        await expect_refusal(anna, "service-unavailable")


async def test_the_first_message_for_an_account_comes_before_the_second() -> None:
    """RFC 6120 §10.1: the account must be loaded for the first; the second waits its turn."""
    async with House() as house:
        await house.add_user("ben")
        anna = await house.login("anna/a")
        await anna.send(
            "".join(f"<message to='ben@example.org'><body>{n}</body></message>" for n in range(5))
        )
        ben = await house.login("ben/b")
        await ben.send("<presence/>")
        found = [element.findtext("{jabber:client}body") for element in ben.take_all()]
        assert [text for text in found if text] == list("01234")


async def test_two_senders_meet_at_an_account_that_is_not_in_memory() -> None:
    async with House() as house:
        await house.add_user("carl")
        anna, ben = await house.login("anna/a"), await house.login("ben/b")
        for client in (anna, ben):
            client.say(f"<message to='carl@example.org'>{BODY}</message>")
        await house.settle()
        carl = await house.login("carl/c")
        await carl.send("<presence/>")
        senders = {element.get("from") for element in carl.take_all()} - {carl.jid}
        assert senders == {anna.jid, ben.jid}


@pytest.mark.parametrize("type_", ["error", "result"])
async def test_refusing_what_must_not_be_answered(type_: str) -> None:
    """RFC 6120 §8.3.1."""
    async with House() as house:
        anna = await house.login("anna/a")
        element = etree.Element("{jabber:client}iq", {"type": type_, "id": "1"})
        stanza = Stanza("iq", element, JID.of("ben@example.org"), anna.jid)
        house.server.hosts[HOST].refuse(stanza, StanzaError(Condition.CONFLICT))
        await anna.expect_nothing()


async def test_one_account_is_not_that_of_another_host() -> None:
    async with House(domains=[HOST, "example.net"]) as house:
        await house.add_user("ben@example.net")
        anna = await house.login("anna/a")
        await anna.send(f"<message to='ben@example.org'>{BODY}</message>")
        await expect_refusal(anna, "service-unavailable")
        await anna.send(f"<message to='ben@example.net'>{BODY}</message>")
        await anna.expect_nothing()


async def test_a_message_goes_on_while_something_is_done_for_it() -> None:
    async with House((*CORE, Slow)) as house:
        slow = house.server.hosts[HOST].service("slow")
        anna = await house.login("anna/a")
        ben = await house.online("ben/b")
        for number in range(2):
            anna.say(f"<message to='ben@example.org/b'><body>{number}</body></message>")
        anna.say("<iq type='get' id='p'><unknown xmlns='x'/></iq>")
        for number in range(2):
            await settle()
            (message,) = ben.take_all()
            assert message.findtext("{jabber:client}body") == str(number)
            assert not anna.inbox, "the next stanza has to wait"
            slow.asked.set_result(None)
        await settle()
        await expect_refusal(anna, "service-unavailable", kind="iq")
