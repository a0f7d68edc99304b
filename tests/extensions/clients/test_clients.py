"""Users see and revoke the clients of their account (XEP-0494)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.clients import Clients
from extensions.registration import Registration
from tests.harness.house import CORE, House
from tests.harness.sasl2 import (
    FEATURES,
    LAPTOP,
    PHONE,
    SUCCESS,
    failure,
    fast,
    log_in,
    token_of,
    wish,
)
from tests.harness.talk import expect_end

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client

NS = "urn:xmpp:cam:0"
ROOMS = (*CORE, Clients, Registration)
RESET = (
    "<iq type='error' id='r'><error type='cancel'>"
    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    f"<password-reset-required xmlns='{NS}'/></error></iq>"
)


async def clients(client: Client) -> list[Element]:
    """What the owner is shown."""
    await client.send(f"<iq type='get' id='l'><list xmlns='{NS}'/></iq>")
    answer = await client.expect(f"<iq type='result' id='l'><clients xmlns='{NS}'/></iq>")
    return list(answer[0])


async def revoke(client: Client, name: str) -> None:
    await client.send(f"<iq type='set' id='r'><revoke xmlns='{NS}' id='{name}'/></iq>")


def auth(found: Element) -> set[str]:
    return {each.tag.partition("}")[2] for each in found.iterfind(f"{{{NS}}}auth/*")}


async def test_the_list() -> None:
    """§3.1."""
    async with House(ROOMS) as house:
        phone = await log_in(house, "anna", wish())
        await phone.expect(SUCCESS)
        await phone.expect(FEATURES)
        house.clock.advance(60)
        laptop = await log_in(house, "anna", agent=LAPTOP)
        await laptop.expect(SUCCESS)
        await laptop.expect(FEATURES)
        phone.vanish()
        old = await house.login("anna/old")
        house.clock.advance(60)
        one, two, three = await clients(laptop)
        assert one.get("connected") == "false"
        assert one.get("type") == "session"
        assert one.findtext(f"{{{NS}}}first-seen") == "2023-11-14T22:13:20.000Z"
        assert one.findtext(f"{{{NS}}}last-seen") == "2023-11-14T22:13:20.000Z"
        assert auth(one) == {"password", "fast"}
        assert one.findtext(f"{{{NS}}}user-agent/{{{NS}}}software") == "AwesomeXMPP"
        assert one.findtext(f"{{{NS}}}user-agent/{{{NS}}}device") == "Kiva's Phone"
        assert one.find(f"{{{NS}}}permission") is not None
        assert two.get("connected") == "true"
        assert two.findtext(f"{{{NS}}}last-seen") == "2023-11-14T22:15:20.000Z"
        assert three.get("id") == "resource:old"
        assert old.jid.resource == "old"
        assert PHONE not in str([each.items() for each in (one, two, three)])


async def test_strangers_see_nothing() -> None:
    """§5: "protected from unauthorized access by third parties"."""
    async with House(ROOMS) as house:
        await log_in(house, "anna")
        ben = await house.login("ben/b")
        for payload, kind in ((f"<list xmlns='{NS}'/>", "get"), (f"<revoke xmlns='{NS}'/>", "set")):
            for to in ("anna@example.org", "nobody@example.org"):
                await ben.send(f"<iq type='{kind}' id='x' to='{to}'>{payload}</iq>")
                await ben.expect("<iq type='error' id='x'><error type='auth'/></iq>")


async def test_who_knows_the_password_is_logged_out_but_can_come_again() -> None:
    """§3.2: password-reset-required."""
    async with House(ROOMS) as house:
        phone = await log_in(house, "anna", wish())
        token = token_of(await phone.expect(SUCCESS))
        await phone.expect(FEATURES)
        laptop = await house.login("anna/laptop")
        name = (await clients(laptop))[0].get("id", "")
        await revoke(laptop, name)
        await laptop.expect(RESET)
        await expect_end(phone, "not-authorized")
        again = await fast(house, "anna", token)
        await again.expect(failure("not-authorized"))


async def test_after_a_new_password_a_client_can_be_revoked() -> None:
    async with House(ROOMS) as house:
        await (await log_in(house, "anna", wish())).expect(SUCCESS)
        laptop = await house.login("anna/laptop")
        await laptop.send(
            "<iq type='set' id='p'><query xmlns='jabber:iq:register'><username>anna</username>"
            "<password>another</password></query></iq>"
        )
        await house.settle()
        laptop.take_all()
        found = (await clients(laptop))[0]
        assert auth(found) == set()
        await revoke(laptop, found.get("id", ""))
        await laptop.expect("<iq type='result' id='r'/>")
        assert [each.get("id") for each in await clients(laptop)] == ["resource:laptop"]


async def test_a_client_revokes_itself() -> None:
    async with House(ROOMS) as house:
        phone = await log_in(house, "anna")
        await phone.expect(SUCCESS)
        await phone.expect(FEATURES)
        await revoke(phone, (await clients(phone))[0].get("id", ""))
        await phone.expect(RESET)
        await expect_end(phone, "not-authorized")


async def test_a_client_without_a_name() -> None:
    async with House(ROOMS) as house:
        one, two = await house.login("anna/one"), await house.login("anna/two")
        await revoke(one, "resource:two")
        await one.expect(RESET)
        await expect_end(two, "not-authorized")


async def test_what_is_not_there() -> None:
    async with House(ROOMS) as house:
        phone = await log_in(house, "anna")
        await phone.expect(SUCCESS)
        await phone.expect(FEATURES)
        ben = await house.login("ben/b")
        theirs = (await clients(phone))[0].get("id", "")
        for name in ("", "unknown", "resource:", "resource:c", theirs):
            await revoke(ben, name)
            await ben.expect("<iq type='error' id='r'><error type='cancel'/></iq>")
        assert not phone.is_closed


async def test_names_are_not_kept_when_the_operator_wants_none() -> None:
    """§6: "Implementations MUST make it possible … to choose whether to keep certain"."""
    async with House(ROOMS, config={"clients": {"names": False}}) as house:
        phone = await log_in(house, "anna")
        await phone.expect(SUCCESS)
        await phone.expect(FEATURES)
        assert (await clients(phone))[0].find(f"{{{NS}}}user-agent") is None


async def test_clients_are_forgotten_after_a_while() -> None:
    async with House(ROOMS, config={"clients": {"keep": "2d"}}) as house:
        await log_in(house, "anna")
        house.clock.advance(2 * 86400 + 1)
        laptop = await log_in(house, "anna", agent=LAPTOP)
        await laptop.expect(SUCCESS)
        await laptop.expect(FEATURES)
        assert len(await clients(laptop)) == 1
