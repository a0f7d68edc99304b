"""A disk that is full: senders are told, nothing is promised; with room again, all goes on."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.survival.archive import read_archive
from tests.survival.client import PATIENCE, Client
from tests.survival.process import BUSY, ServerProcess
from tests.survival.test_shutdown import WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIZE: Final = "3m"
_MESSAGE: Final = "{jabber:client}message"
_FULL: Final = ".//{urn:ietf:params:xml:ns:xmpp-stanzas}resource-constraint"


async def test_a_full_disk_is_survived(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with ServerProcess(tmp_path, BUSY, disk / "data") as server:
            await server.add_users(["anna", "ben"])
            anna = Writer(await Client.online(server.port, "anna"))
            ben = await Client.online(server.port, "ben")
            for _ in range(20):
                await anna.write()
            await anna.client.settled()
            assert not anna.refused()

            ballast = fill(disk)
            await anna.write_until(lambda: bool(anna.refused()))
            first = len(anna.written)
            for _ in range(50):
                await anna.write()
            await anna.client.until(lambda: len(anna.refused()) >= 51)
            assert set(anna.written[first:]) <= anna.refused()
            for client in (anna.client, ben):
                await client.ping()

            ballast.unlink()
            begun = len(anna.written)
            await anna.write_until(lambda: bool(set(anna.written[begun:]) & {*anna.promised()}))
            await anna.client.settled()
            kept = anna.promised()
            assert len(kept) > 20
            server.kill()
            await server.start()
            for name in ("anna", "ben"):
                client = await Client.online(server.port, name)
                bodies = [entry.body.split()[0] for entry in await read_archive(client)]
                assert bodies == kept
            assert not server.crashes(), server.told()


async def test_a_server_ends_and_starts_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with ServerProcess(tmp_path, BUSY, disk / "data") as server:
            await server.add_users(["anna", "ben"])
            anna = Writer(await Client.online(server.port, "anna"))
            await anna.write()
            await anna.client.settled()
            ballast = fill(disk)
            await anna.write_until(lambda: bool(anna.refused()))
            code, seconds = await server.terminate()
            assert code == 0, server.told()
            assert seconds < WITHIN
            ballast.unlink()
            await server.start()
            ben = await Client.online(server.port, "ben")
            await ben.until(lambda: len(ben.bodies()) >= len(anna.promised()))
            bodies = [entry.body.split()[0] for entry in await read_archive(ben)]
            assert set(anna.promised()) <= set(bodies)


class Writer:
    """Somebody who keeps what was written, and how it ended."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.written: list[str] = []

    async def write(self) -> None:
        mark = f"m{len(self.written)}"
        self.written.append(mark)
        await self.client.send(
            f"<message type='chat' to='ben@localhost' id='{mark}'><body>{mark} {'x' * 3000}</body>"
            "</message>"
        )
        self.client.ask()

    async def write_until(self, holds: Callable[[], bool]) -> None:
        """Write, no faster than it is answered."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self.write()
                answered = self.progress()
                await self.client.until(lambda was=answered: self.progress() != was)  # type: ignore[misc]
                await asyncio.sleep(0.02)

    def progress(self) -> tuple[int, int]:
        return len(self.refused()), len(self.client.waiting)

    def refused(self) -> set[str]:
        """What came back with an error."""
        errors = [e for e in self.client.received if e.tag == _MESSAGE and e.get("type") == "error"]
        assert all(error.find(_FULL) is not None for error in errors)
        return {error.get("id") or "" for error in errors}

    def promised(self) -> list[str]:
        """What was acknowledged and did not come back."""
        open_ = {text.partition(" id='")[2].partition("'")[0] for text, _ in self.client.waiting}
        refused = self.refused()
        return [mark for mark in self.written if mark not in open_ and mark not in refused]


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of its own, which is soon full; skips the test if there can be none."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)  # whoever else looks at it


def fill(disk: Path) -> Path:
    """Leave no room."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast
