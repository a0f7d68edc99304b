"""Requests that need no answer of the user's (XEP-0379 §3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from server.extension import Approval, Extension, Wire
from tests.harness.house import CORE, House

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.stanza import Stanza

ANNA, BEN = "anna@example.org", "ben@example.org"
SESAME = "<presence type='subscribe' to='{}'><open xmlns='sesame'/></presence>"


class Doorman(Extension):
    """Lets in whoever says the word."""

    name = "doorman"
    asked: ClassVar[list[str]] = []

    def wires(self) -> Iterable[Wire]:
        yield Approval("{sesame}open", self.approves)

    async def approves(self, account: Account, stanza: Stanza) -> bool:
        self.asked.append(stanza.from_)
        return stanza.to == BEN


def push(jid: str, state: str, ask: str = "") -> str:
    return (
        "<iq type='set' id='…' from=''><query xmlns='jabber:iq:roster' ver='…'>"
        f"<item jid='{jid}' subscription='{state}' ask='{ask}' approved=''/></query></iq>"
    )


def verb(type_: str, sender: str, to: str) -> str:
    return f"<presence type='{type_}' from='{sender}' to='{to}'/>"


async def test_a_welcome_contact_is_let_in_and_asked_in_return() -> None:
    async with House((*CORE, Doorman)) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send(SESAME.format(BEN))
        await anna.expect(push(BEN, "none", "subscribe"))
        await ben.expect(push(ANNA, "from"))
        await anna.expect(verb("subscribed", BEN, ANNA))
        await anna.expect(push(BEN, "to"))
        await anna.expect("<presence from='ben@example.org/b' to='anna@example.org' type=''/>")
        await ben.expect(push(ANNA, "from", "subscribe"))
        await anna.expect(verb("subscribe", BEN, ANNA))
        await anna.send(f"<presence type='subscribed' to='{BEN}'/>")
        await ben.expect(verb("subscribed", ANNA, BEN))
        await ben.expect(push(ANNA, "both"))


async def test_pre_approved_in_return_nobody_is_asked() -> None:
    """XEP-0379 §3.6."""
    async with House((*CORE, Doorman)) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await anna.send(f"<presence type='subscribed' to='{BEN}'/>" + SESAME.format(BEN))
        anna.take_all()
        ben.take_all()
        await ben.send("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>")
        assert b"subscription='both'" in bytes(ben.said)


async def test_the_others_are_asked_as_ever() -> None:
    async with House((*CORE, Doorman)) as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(SESAME.format(ANNA))
        ben.take_all()
        await anna.expect(
            "<presence type='subscribe' from='ben@example.org'><open xmlns='sesame'/></presence>"
        )
        await anna.expect_nothing()
        await ben.expect_nothing()


async def test_nobody_is_asked_about_who_has_been_let_in() -> None:
    async with House((*CORE, Doorman)) as house:
        anna = await house.online("anna/a")
        await house.online("ben/b")
        Doorman.asked.clear()
        await anna.send(SESAME.format(BEN) + SESAME.format(BEN))
        assert Doorman.asked == ["anna@example.org"]
