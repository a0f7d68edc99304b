"""When extensions are told of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.extension import Extension, On
from server.moments import SessionAvailable, SessionBound, SessionEnded
from tests.harness.house import CORE, House
from tests.harness.talk import SM, authenticate, enable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.extension import Wire

SEEN: list[str] = []


class Diary(Extension):
    """Writes down what it is told."""

    name = "diary"

    def wires(self) -> Iterable[Wire]:
        for moment in (SessionBound, SessionAvailable, SessionEnded):
            yield On(moment, self.note)

    def note(self, moment: Any) -> None:
        SEEN.append(f"{type(moment).__name__} {moment.session.jid.resource}")


async def test_the_life_of_a_session() -> None:
    """RFC 6121 §4.2: the first available presence is a moment, the others are not."""
    SEEN.clear()
    async with House((*CORE, Diary)) as house:
        client = await house.login("anna/a")
        assert SEEN == ["SessionBound a"]
        for presence in ("", " type='unavailable'", ""):
            await client.send(f"<presence{presence}/>")
            await client.send(f"<presence{presence}/>")
        await client.close()
        assert SEEN[1:] == ["SessionAvailable a", "SessionAvailable a", "SessionEnded a"]


async def test_resumption_is_none() -> None:
    SEEN.clear()
    async with House((*CORE, Diary)) as house:
        client = await house.online("anna/a")
        name = (await enable(client)).get("id")
        client.vanish()
        again = await authenticate(house, "anna")
        await again.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await again.expect(f"<resumed xmlns='{SM}'/>")
        assert SEEN == ["SessionBound a", "SessionAvailable a"]


async def test_who_takes_the_place_of_another() -> None:
    SEEN.clear()
    async with House((*CORE, Diary)) as house:
        await house.login("anna/a")
        await house.login("anna/a")
        assert SEEN == ["SessionBound a", "SessionEnded a", "SessionBound a"]
    assert SEEN[3:] == ["SessionEnded a"]
