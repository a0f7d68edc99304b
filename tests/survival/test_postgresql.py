"""With PostgreSQL: whichever of the two servers dies, what was acknowledged is there."""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  a seed makes every round repeatable
from typing import TYPE_CHECKING

import pytest

from tests.harness import postgresql
from tests.survival.chat import WARDEN, Figures, look, message
from tests.survival.client import PATIENCE
from tests.survival.process import BUSY, ServerProcess
from tests.survival.test_crash import PAIRS, SEED, arrive, chat_until_killed, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.survival.client import Client


@pytest.fixture
def cluster() -> Iterator[postgresql.Cluster]:
    postgresql.need()
    cluster = postgresql.Cluster()
    yield cluster
    cluster.remove()


class Both(ServerProcess):
    """The two servers: when the one is killed, so is the other, if that is wanted."""

    def __init__(self, folder: Path, cluster: postgresql.Cluster) -> None:
        storage: dict[str, object] = {"backend": "postgresql", "url": cluster.url}
        super().__init__(folder, {**BUSY, "storage": storage})
        self._cluster = cluster
        self.loses_both = False

    def kill(self) -> None:
        if self.loses_both:
            self._cluster.stop()
        super().kill()
        if self.loses_both:
            self._cluster.start()


@pytest.mark.parametrize("loses_both", [False, True])
async def test_nothing_acknowledged_is_lost(
    tmp_path: Path, cluster: postgresql.Cluster, loses_both: bool
) -> None:
    chance = random.Random(SEED)
    people = pairs(PAIRS)
    async with Both(tmp_path, cluster) as server:
        await server.add_users([WARDEN, *people])
        total = Figures()
        server.loses_both = loses_both
        for number in range(2):
            await arrive(server, people, chance)
            await chat_until_killed(server, people, chance, number, chance.uniform(0.1, 0.7))
            await server.start()
            figures = await look(server, people, number)
            total += figures
            assert (figures.lost, figures.doubled) == (0, 0), server.told()
        assert total.acknowledged


def refused(client: Client) -> bool:
    return any(stanza.get("type") == "error" for stanza in client.received)


async def test_the_server_outlives_its_database(
    tmp_path: Path, cluster: postgresql.Cluster
) -> None:
    """While the database is away messages are refused; when it is back all goes on by itself."""
    people = pairs(1)
    async with Both(tmp_path, cluster) as server:
        await server.add_users([WARDEN, *people])
        chance = random.Random(SEED)
        await arrive(server, people, chance)
        anna = people["a0"].client
        assert anna is not None
        cluster.stop()
        await anna.send(message("b0", "while it is away"))
        await anna.until(lambda: refused(anna))
        assert not anna.is_closed
        cluster.start()
        async with asyncio.timeout(PATIENCE):
            while refused(anna):
                await asyncio.sleep(0.05)
                anna.received.clear()
                await anna.send(message("b0", "again"))
                await anna.settled()
        assert not server.crashes()
        await anna.stop()
