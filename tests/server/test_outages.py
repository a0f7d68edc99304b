"""While the database cannot be read: refusals that a client can live with, and no bugs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from server.extension import IQ, At, Extension, Request, Wire
from server.storage.errors import StorageUnavailable
from tests.harness.house import CORE, House
from tests.harness.talk import BODY, connect, expect_end, expect_refusal, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

MESSAGE = f"<message to='ben@example.org' type='chat'>{BODY}</message>"


class Reader(Extension):
    """Has to read for every answer."""

    name: ClassVar[str] = "reader"

    def wires(self) -> Iterable[Wire]:
        yield IQ("get", "{test}read", self.read, At.OWN)

    async def read(self, request: Request) -> None:
        await self.host.server.database.fetch("SELECT 1")


async def test_a_message_to_somebody_who_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    async with House() as house:
        anna = await house.online("anna")
        await house.add_user("ben")
        house.database.is_away = True
        await anna.send(MESSAGE)
        await expect_refusal(anna, "resource-constraint")
        house.database.is_away = False
        await anna.send(MESSAGE)
        await anna.expect_nothing()
    assert "crashed" not in capsys.readouterr().out


async def test_a_login_comes_back_later() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        house.database.is_away = True
        await client.send(plain("anna"))
        await expect_end(client, "resource-constraint")


async def test_a_request_is_refused() -> None:
    async with House([*CORE, Reader]) as house:
        anna = await house.online("anna")
        house.database.is_away = True
        await anna.send("<iq type='get' id='r'><read xmlns='test'/></iq>")
        await expect_refusal(anna, "resource-constraint", "iq")


async def test_what_waits_comes_when_it_can_be_read() -> None:
    async with House() as house:
        anna = await house.online("anna")
        await house.add_user("ben")
        await anna.send(MESSAGE)
        ben = await house.login("ben")
        house.database.is_away = True
        await ben.send("<presence/>")
        await ben.expect("<presence/>")
        await ben.expect_nothing()
        house.database.is_away = False
        house.clock.advance(1)
        await ben.expect(f"<message from='anna@example.org/device'>{BODY}</message>")
        await ben.expect_nothing()


async def test_who_goes_before_it_can_be_read_leaves_it_for_the_next() -> None:
    async with House() as house:
        anna = await house.online("anna")
        await house.add_user("ben")
        await anna.send(MESSAGE)
        ben = await house.login("ben")
        house.database.is_away = True
        await ben.send("<presence/>")
        await ben.close()
        house.clock.advance(1)
        await house.settle()
        house.database.is_away = False
        ben = await house.login("ben")
        await ben.send("<presence/>")
        await ben.expect("<presence/>")
        await ben.expect(f"<message from='anna@example.org/device'>{BODY}</message>")


def test_the_words_for_an_outage_tell_nothing_of_the_database() -> None:
    from server import outages

    outage = StorageUnavailable("host=10.0.0.1")
    assert b"10.0.0.1" not in outages.end(outage).build()
    assert "10.0.0.1" not in outages.refusal(outage).text
