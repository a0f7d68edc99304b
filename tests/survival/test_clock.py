"""A clock that jumps back an hour between two starts: identifiers and order go on regardless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.survival.archive import read_archive
from tests.survival.chat import message
from tests.survival.client import Client
from tests.survival.process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.survival.archive import Entry

#: Puts the server's calendar back before it starts; nothing else of it is touched.
_BACK = """\
import runpy, sys
from server.clock import Clock
true = Clock.utcnow
Clock.utcnow = lambda self: true(self) - {seconds}
runpy.run_module("server", run_name="__main__")
"""


@pytest.mark.parametrize("end", ["killed", "asked"])
async def test_identifiers_grow_when_the_clock_jumps_back(tmp_path: Path, end: str) -> None:
    async with ServerProcess(tmp_path) as server:
        await server.add_users(["anna", "ben"])
        before = await chat(server, range(50))
        if end == "killed":
            server.kill()
        else:
            await server.terminate()
        await server.start(code=_BACK.format(seconds=3600))
        entries = await chat(server, range(50, 100))
        assert [entry.body for entry in entries] == [str(number) for number in range(100)]
        assert [entry.id for entry in entries[:50]] == [entry.id for entry in before]
        assert sorted({entry.id for entry in entries}) == [entry.id for entry in entries]


async def chat(server: ServerProcess, numbers: range) -> list[Entry]:
    """Some messages, which arrive in order; gives the archive."""
    anna = await Client.online(server.port, "anna")
    ben = await Client.online(server.port, "ben")
    for number in numbers:
        await anna.send(message("ben", str(number)))
    await anna.settled()
    # What was acknowledged just before a kill may come once more, ahead of the new.
    wanted = [str(number) for number in numbers]
    await ben.until(lambda: ben.bodies()[-len(wanted) :] == wanted)
    assert len(set(ben.bodies()) & set(wanted)) == len(wanted)
    entries = await read_archive(anna)
    for client in (anna, ben):
        await client.goodbye()
    return entries
