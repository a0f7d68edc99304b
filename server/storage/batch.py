"""What one commit carries: rows in lanes, general writes, and how it ended."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from server.storage.errors import StorageError
from server.storage.insert import Insert, Row, Step


class Lane:
    """The rows that wait for one bulk insert, each beside its origin."""

    __slots__ = ("insert", "origins", "rows")

    def __init__(self, insert: Insert) -> None:
        self.insert = insert
        self.rows: list[Row] = []
        self.origins: list[object] = []

    def add(self, row: Row, origin: object) -> None:
        """Queue a row."""
        self.rows.append(row)
        self.origins.append(origin)

    def __len__(self) -> int:
        return len(self.rows)

    def pairs(self) -> Iterator[tuple[Row, object]]:
        """Each row with its origin, in order."""
        return zip(self.rows, self.origins, strict=True)


class KeyedLane(Lane):
    """A lane that holds only the newest row of each key."""

    __slots__ = ("_places",)

    def __init__(self, insert: Insert) -> None:
        super().__init__(insert)
        self._places: dict[Row, int] = {}

    def add(self, row: Row, origin: object) -> None:
        """Queue a row in the place of an older one with the same key."""
        place = self._places.setdefault(row[: self.insert.key], len(self.rows))
        if place == len(self.rows):
            super().add(row, origin)
        else:
            self.rows[place] = row
            self.origins[place] = origin


def lane_for(insert: Insert) -> Lane:
    """An empty lane of the right kind."""
    return KeyedLane(insert) if insert.key else Lane(insert)


class Write:
    """A general write: its steps happen together or not at all."""

    __slots__ = ("done", "steps")

    def __init__(self, steps: Sequence[Step], done: asyncio.Future[list[Row]]) -> None:
        self.steps = steps
        self.done = done


@dataclass(slots=True, eq=False)
class Batch:
    """Everything that one commit stores; `last` is the highest sequence number in it."""

    lanes: dict[Insert, Lane]
    writes: list[Write]
    last: int
    rows: int
    size: int
    # Nothing waits, but the database failed before: write a little to see whether it works again.
    probe: bool = False


@dataclass(slots=True, eq=False)
class Outcome:
    """How a commit ended. With `error` nothing at all was stored."""

    error: StorageError | None = None
    # Origins whose rows are impossible to store, while all else was.
    refused: list[tuple[object, Exception]] = field(default_factory=list)
    # For each general write its rows, or why it was refused.
    results: list[list[Row] | Exception] = field(default_factory=list)
