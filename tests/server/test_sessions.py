"""What one client, or two that play together, may cost in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server import session, sessions, sweep
from server.presence.service import PresenceService
from server.roster.service import RosterService
from tests.harness.house import Client, House
from tests.harness.talk import enable

if TYPE_CHECKING:
    from server.extension import Extension

CORE: tuple[type[Extension], ...] = (RosterService, PresenceService)
LIMIT = 20_000
MESSAGE = f"<message type='chat' to='anna@example.org'><body>{'x' * 1000}</body></message>"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (session, sessions, sweep):
        monkeypatch.setattr(module, "MOST_BYTES", LIMIT)


async def flood(house: House, count: int = 40) -> None:
    ben = await house.login("ben/b")
    for _ in range(count):
        await ben.send(MESSAGE)
    await house.settle()


async def swept(house: House) -> None:
    house.server.sweep.once(house.clock.now())
    await house.settle()


async def everything(house: House) -> Client:
    """A new device gets all that waits, once."""
    again = await house.online("anna/other")
    await house.settle()
    assert again.said.count(b"xxx</body>") == 40
    return again


@pytest.mark.parametrize("is_there", [True, False])
async def test_large_stanzas_that_are_not_acknowledged(is_there: bool) -> None:
    async with House(CORE) as house:
        anna = await house.online("anna/a")
        await enable(anna)
        if not is_there:
            anna.stream.connection_lost("gone")
        await flood(house)
        assert house.server.sessions.count == 2
        await swept(house)
        assert house.server.sessions.count == 1
        assert (b"resource-constraint" in anna.said) is is_there
        await everything(house)


async def test_what_is_held_while_older_messages_are_read() -> None:
    async with House(CORE) as house:
        anna = await house.online("anna/a")
        held = anna.session.held = session.Held()
        await flood(house)
        assert held.size > LIMIT
        await swept(house)
        assert house.server.sessions.count == 1
        await everything(house)
