"""People who chat until the server dies, and what must be true when it lives again."""

from __future__ import annotations

import asyncio
from dataclasses import astuple, dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Final

from tests.survival.archive import read_archive
from tests.survival.client import DOMAIN, Client

if TYPE_CHECKING:
    from random import Random  # noqa: TID251  handed in with its seed

    from tests.survival.process import ServerProcess

#: How many messages a sender has under way before it waits for an acknowledgement.
WINDOW: Final = 24
_ASK_EVERY: Final = 6
WARDEN: Final = "warden"


class Habit(Enum):
    """What a person does with what comes."""

    ACKNOWLEDGES = "acknowledges"
    SILENT = "reads and never acknowledges"
    ABSENT = "is not there"


@dataclass
class Figures:
    """What became of the messages of one round, or of many."""

    sent: int = 0
    acknowledged: int = 0  # by the server, to their senders
    archived: int = 0  # of these, in both archives exactly once and in order
    due: int = 0  # of these, what the recipient had not acknowledged when the server died
    delivered: int = 0  # of the due ones, after the restart, exactly once and in order
    repeated: int = 0  # delivered again though acknowledged, as the server died just then
    doubled: int = 0  # delivered again though it had surely noted the acknowledgement, or twice
    lost: int = 0  # acknowledged and not in an archive, or due and not delivered

    def __iadd__(self, other: Figures) -> Figures:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self

    @staticmethod
    def heading() -> str:
        return " ".join(f"{each.name:>12}" for each in fields(Figures))

    def row(self) -> str:
        return " ".join(f"{figure:>12}" for figure in astuple(self))


@dataclass
class Person:
    """One of a pair."""

    name: str
    peer: str
    habit: Habit = Habit.ACKNOWLEDGES
    client: Client | None = None
    written: list[str] = field(default_factory=list)  # in this round
    newest: str = ""  # the last entry of the archive that was looked at

    async def arrive(self, port: int, habit: Habit) -> None:
        """Come online, or not."""
        self.habit = habit
        self.client = None
        self.written = []
        if habit is not Habit.ABSENT:
            self.client = await Client.online(port, self.name)
            self.client.answers = habit is Habit.ACKNOWLEDGES

    async def chat(self, chance: Random, prefix: str) -> None:
        """Write to the peer until the connection ends."""
        client = self.client
        assert client is not None
        while not client.is_closed:
            if len(client.waiting) >= WINDOW:
                client.ask()
                await client.until(lambda: len(client.waiting) < WINDOW // 2 or client.is_closed)
                continue
            text = f"{prefix}.{self.name}.{len(self.written)}"
            self.written.append(text)
            filling = "." * chance.randrange(0, 400)
            await client.send(message(self.peer, f"{text} {filling}"))
            if len(self.written) % _ASK_EVERY == 0:
                client.ask()
            if chance.random() < 0.2:
                await asyncio.sleep(0)

    def acknowledged(self) -> list[str]:
        """What the server has acknowledged, in order."""
        if self.client is None:
            return []
        open_ = sum(text.startswith("<message") for text, _ in self.client.waiting)
        return self.written[: len(self.written) - open_]

    def confirmed(self) -> set[str]:
        """What this person has acknowledged to the server."""
        client = self.client
        return set() if client is None else {_mark(b) for b in client.bodies(0, client.confirmed)}

    def certain(self) -> set[str]:
        """What of that the server has surely noted."""
        client = self.client
        return set() if client is None else {_mark(b) for b in client.bodies(0, client.certain)}


def message(to: str, body: str) -> str:
    address = to if "@" in to else f"{to}@{DOMAIN}"
    return f"<message type='chat' to='{address}'><body>{body}</body></message>"


async def look(server: ServerProcess, people: dict[str, Person], number: int) -> Figures:
    """After a restart: collect what is due to everybody, and judge it."""
    warden = await Client.online(server.port, WARDEN)
    figures = Figures()
    for person in people.values():
        peer = people[person.peer]
        arrived = await _collect(server, warden, person, number)
        figures += await _judge(peer, person, arrived)
    await warden.goodbye()
    return figures


async def _collect(
    server: ServerProcess, warden: Client, person: Person, number: int
) -> tuple[Client, list[str]]:
    """Log in and take what waits; a message that is sent afterwards marks the end of it."""
    client = await Client.online(server.port, person.name, "later")
    await client.settled()
    end = f"end.{number}.{person.name}"
    await warden.send(message(person.name, end))
    await client.until(lambda: end in client.bodies())
    return client, [_mark(body) for body in client.bodies() if body != end]


async def _judge(sender: Person, person: Person, arrived: tuple[Client, list[str]]) -> Figures:
    client, came = arrived
    acknowledged = sender.acknowledged()
    confirmed, certain = person.confirmed(), person.certain()
    due = [mark for mark in acknowledged if mark not in confirmed]
    figures = Figures(sent=len(sender.written), acknowledged=len(acknowledged), due=len(due))

    assert came == [mark for mark in sender.written if mark in set(came)], "order"
    figures.doubled = len(came) - len(set(came)) + len(set(came) & certain)
    figures.repeated = len(set(came) & (confirmed - certain))
    figures.delivered = sum(came.count(mark) == 1 for mark in due)

    entries = await read_archive(client, person.newest)
    person.newest = entries[-1].id
    marks = [_mark(entry.body) for entry in entries]
    for writer in (sender, person):
        kept = [mark for mark in marks if mark.split(".")[1] == writer.name]
        there = set(kept)
        assert kept == [mark for mark in writer.written if mark in there], "once, and in order"
        missing = [mark for mark in writer.acknowledged() if mark not in there]
        figures.lost += len(missing)
        if writer is sender:
            figures.archived = len(acknowledged) - len(missing)
            # Whatever is stored for this person has come, or comes now.
            figures.lost += len(there - confirmed - set(came))
    figures.lost += len(due) - figures.delivered
    await client.goodbye()
    return figures


def _mark(body: str) -> str:
    return body.partition(" ")[0]
