"""XEP-0308: corrections of what was written long ago are refused, where there is a limit."""

from tests.extensions.chats import EVERYTHING, said
from tests.harness.house import Client, House

LIMIT = {"correction": {"window": "15m"}}


def message(name: str, text: str, of: str = "", to: str = "juliet@example.org") -> str:
    replace = f"<replace id='{of}' xmlns='urn:xmpp:message-correct:0'/>" if of else ""
    return f"<message to='{to}' id='{name}'><body>{text}</body>{replace}</message>"


async def people(house: House) -> tuple[Client, Client]:
    return await house.online("romeo/orchard"), await house.online("juliet/balcony")


async def test_in_time_it_passes_and_order_is_kept() -> None:
    async with House(EVERYTHING, config=LIMIT) as house:
        romeo, juliet = await people(house)
        await romeo.send(message("bad1", "airlock"))
        house.clock.advance(14 * 60)
        await romeo.send(message("good1", "window", of="bad1") + message("next", "next"))
        await house.settle()
        assert [each.get("id") for each in juliet.take_all()] == ["bad1", "good1", "next"]
        house.clock.advance(30)
        await romeo.send(message("better1", "a window", of="bad1"))
        assert await said(juliet) == ["airlock", "window", "next", "a window"]


async def test_later_it_is_refused_and_kept_nowhere() -> None:
    async with House(EVERYTHING, config=LIMIT) as house:
        romeo, juliet = await people(house)
        await romeo.send(message("bad1", "airlock"))
        await juliet.next()
        house.clock.advance(15 * 60 + 1)
        await romeo.send(message("good1", "window", of="bad1") + message("next", "next"))
        answer = await romeo.next()
        error = answer.find("{jabber:client}error")
        assert answer.get("type") == "error"
        assert answer.get("id") == "good1"
        assert error is not None
        assert error[0].tag == "{urn:ietf:params:xml:ns:xmpp-stanzas}not-allowed"
        assert "15 minutes" in (error[1].text or "")
        assert await said(juliet) == await said(romeo) == ["airlock", "next"]


async def test_what_somebody_else_wrote_is_not_ones_own() -> None:
    async with House(EVERYTHING, config=LIMIT) as house:
        romeo, juliet = await people(house)
        await juliet.send(message("hers", "hers", to="romeo@example.org"))
        await romeo.next()
        await romeo.send(message("his", "his", of="hers"))
        assert (await romeo.next()).get("type") == "error"


async def test_a_note_to_oneself_can_be_corrected() -> None:
    async with House(EVERYTHING, config=LIMIT) as house:
        romeo, _ = await people(house)
        await romeo.send(message("1", "milk", to="romeo@example.org"))
        await romeo.send(message("2", "milk and eggs", of="1", to="romeo@example.org"))
        assert await said(romeo) == ["milk", "milk and eggs"]


async def test_without_a_limit_nothing_is_refused() -> None:
    async with House(EVERYTHING) as house:
        romeo, juliet = await people(house)
        await romeo.send(message("bad1", "airlock"))
        house.clock.advance(86_400)
        await house.settle()
        await romeo.send(message("good1", "window", of="bad1"))
        assert await said(juliet) == ["airlock", "window"]
