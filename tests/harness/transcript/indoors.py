"""The server in the process of the test, as a place for transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.jid import JID

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Sequence

    from server.element import Element
    from tests.harness.house import Client, House
    from tests.harness.transcript.playing import Line


class Indoors:
    """A house with its server."""

    server = "skerry"

    def __init__(self, house: House) -> None:
        self._house = house
        self.domain = str(house.server.default_domain)

    async def register(self, name: str) -> None:
        await self._house.add_user(name)

    async def connect(self, name: str) -> Wire:
        client = self._house.connect()
        await client.authenticate(JID.of(f"{name}@{self.domain}"))
        return Wire(client, self._house)

    async def settle(self, lines: Sequence[Line]) -> None:
        await self._house.settle()


class Wire:
    """A connection in the house."""

    def __init__(self, client: Client, house: House) -> None:
        self._client = client
        self._house = house

    @property
    def inbox(self) -> deque[Element]:
        return self._client.inbox

    async def bind(self, resource: str) -> None:
        await self._client.bind(resource)

    async def send(self, xml: str) -> None:
        await self._client.send(xml)

    async def wait(self) -> None:
        await self._house.settle()

    async def close(self) -> None:
        if self._client.line.is_open:
            await self._client.close()

    async def leave(self) -> None:
        await self.close()

    async def lose(self) -> None:
        self._client.vanish()
        await self._house.settle()
