"""Moving everything from one kind of database to another, and proving that it arrived.

All is written in one transaction, then read again, in the same order, on both sides: the numbers of
rows and a digest of every row must agree before the transaction ends. What fails leaves the target
as empty as it was.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from server.storage.errors import StorageError
from server.storage.insert import Row
from server.storage.migrate import LEDGER_TABLE

PORTION: Final = 2000


class NotCopied(StorageError):
    """The copy was refused or went wrong; the target is as it was."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, as both sides know it; `key` orders its rows in the same way on both."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def select(self) -> str:
        """All rows in the order of their keys."""
        return f"SELECT {', '.join(self.columns)} FROM {self.name} ORDER BY {', '.join(self.key)}"


class Side(Protocol):
    """One of the two databases, with one connection of its own and one transaction on it."""

    async def begin(self, *, writes: bool) -> None:
        """Connect and begin; the schema is up to date already."""

    async def end(self, *, keep: bool) -> None:
        """Commit or undo, and disconnect."""

    async def tables(self) -> list[Table]:
        """All tables, by name."""

    async def versions(self) -> dict[str, int]:
        """How far the tables of each room are."""

    async def count(self, table: Table) -> int:
        """How many rows there are."""

    def read(self, table: Table) -> AsyncIterator[list[Row]]:
        """All rows in the order of their keys, by the portion."""

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows."""

    async def numbered(self, table: Table) -> int | None:
        """The highest number the table ever gave to a row, if it numbers them."""

    async def number_from(self, table: Table, highest: int) -> None:
        """Give higher numbers only from now on."""


# Called with what is going on, a number of rows of it that are done, and of how many.
Progress = Callable[[str, int, int], None]


async def copy_all(source: Side, target: Side, progress: Progress) -> dict[str, int]:
    """Copy every table and check the copy; gives the number of rows of each. Raises NotCopied."""
    await source.begin(writes=False)
    try:
        await target.begin(writes=True)
        done = False
        try:
            counts = await _copy(source, target, progress)
            done = True
        finally:
            await target.end(keep=done)
    finally:
        await source.end(keep=False)
    return counts


async def _copy(source: Side, target: Side, progress: Progress) -> dict[str, int]:
    tables = await _agreed(source, target)
    counts = {table.name: await source.count(table) for table in tables}
    total = sum(counts.values())
    digests: dict[str, bytes] = {}
    done = 0
    for table in tables:
        digest = hashlib.blake2b()
        async for rows in source.read(table):
            try:
                await target.write(table, rows)
            except Exception as error:
                raise NotCopied(f"the table '{table.name}' cannot be copied: {error}") from error
            _add(digest, rows)
            done += len(rows)
            progress("copying", done, total)
        digests[table.name] = digest.digest()
        highest = await source.numbered(table)
        if highest is not None:
            await target.number_from(table, highest)
    await _check(target, tables, counts, digests, progress)
    return counts


async def _agreed(source: Side, target: Side) -> list[Table]:
    """The tables to copy: the same on both sides, and empty on the other."""
    here, there = await source.versions(), await target.versions()
    if here != there:
        raise NotCopied(f"the tables are not of the same version: {here} here, {there} there")
    known = {(table.name, frozenset(table.columns)) for table in await target.tables()}
    tables = [table for table in await source.tables() if table.name != LEDGER_TABLE]
    for table in tables:
        if (table.name, frozenset(table.columns)) not in known:
            raise NotCopied(f"the other database has no table '{table.name}' of this kind")
        if await target.count(table):
            raise NotCopied(
                f"the other database is not empty, there are rows in '{table.name}';"
                " name one that no server has used yet"
            )
    return tables


async def _check(
    target: Side, tables: list[Table], counts: dict[str, int], digests: dict[str, bytes],
    progress: Progress,
) -> None:  # fmt: skip
    total, done = sum(counts.values()), 0
    for table in tables:
        digest, arrived = hashlib.blake2b(), 0
        async for rows in target.read(table):
            _add(digest, rows)
            arrived += len(rows)
            progress("checking", done + arrived, total)
        done += arrived
        if arrived != counts[table.name]:
            raise NotCopied(f"of {counts[table.name]} rows of '{table.name}' {arrived} arrived")
        if digest.digest() != digests[table.name]:
            raise NotCopied(f"the rows of '{table.name}' are not the same on both sides")


def _add(digest: "hashlib.blake2b", rows: Sequence[Row]) -> None:
    # Text, numbers and bytes look the same whichever driver they come from.
    for row in rows:
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
