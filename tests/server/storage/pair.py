"""Two databases side by side: whatever is done is done to both, and must come to the same.

Accounts have other numbers in each, as PostgreSQL skips some; here they go by names that are never
used twice: `anna@example.org#2` is the second account of that address.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from server.rooms import migrations
from server.storage.accounts import AccountExists
from server.storage.errors import StorageError
from server.storage.sqlite import SQLiteDatabase
from tests.harness.backend import opened
from tests.harness.disk import quick_place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.storage.database import Database

T = TypeVar("T")

_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_COLUMNS: Final = "SELECT name FROM pragma_table_info($1)"
#: A number of an account that there is none of.
NOBODY: Final = 1 << 40


class Side:
    """One of the two, and what its numbers stand for."""

    def __init__(self, database: Database) -> None:
        self.db = database
        self.refused: list[object] = []
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        database.journal.on_failed = lambda origins, error: self.refused.extend(origins)

    def call(self, number: int, name: str) -> None:
        """An account has come to be."""
        assert number not in self._names, "a number is never used again"
        self._numbers[name] = number
        self._names[number] = name

    def number(self, name: str) -> int:
        """The number of an account, whether it is still there or not."""
        return self._numbers.get(name, NOBODY)

    def name(self, number: int) -> str:
        """What it stands for."""
        return self._names.get(number, str(number))

    async def contents(self, tables: dict[str, list[str]]) -> dict[str, list[Any]]:
        """Everything there is."""
        found = {}
        for table, columns in tables.items():
            rows = await self.db.fetch_large(f"SELECT {', '.join(columns)} FROM {table}")
            number = {"account": "id"}.get(table, "account")
            found[table] = sorted(
                [
                    self.name(value) if column == number else _plain(value)
                    for column, value in zip(columns, row, strict=True)
                ]
                for row in rows
            )
        return found


class Pair:
    """SQLite as the model, and beside it the back end of this run; both are empty at first."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._folder = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(dir=quick_place()))
        )
        self._sides: list[Side] = []
        self._tables: dict[str, list[str]] = {}
        self._runner.run(self._open())

    def close(self) -> None:
        """Compare all there is, and let go."""
        try:
            self.compare()
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()

    def do(self, operation: Callable[[Side], Awaitable[T]]) -> T | type[Exception]:
        """What has come of an operation in both; the class of the error if it was refused."""
        model, other = self._runner.run(self._do(operation))
        assert other == model, f"{other}\nshould have been\n{model}"
        return model[0]

    def compare(self) -> None:
        """Whether the same is in all tables."""
        model, other = self._runner.run(self._contents())
        for table, rows in model.items():
            assert other[table] == rows, f"{table}: {other[table]}\nshould have been\n{rows}"

    async def _open(self) -> None:
        model = SQLiteDatabase(self._folder / "model.sqlite", commit_interval=0, retry_interval=0)
        await model.start()
        model._writer.execute("PRAGMA synchronous = OFF")  # nothing of it is to last
        self._stack.push_async_callback(model.close)
        other = await self._stack.enter_async_context(
            opened(self._folder, commit_interval=0, retry_interval=0)
        )
        for database in (model, other):
            for room, steps in migrations().items():
                await database.migrate(room, steps)
            self._sides.append(Side(database))
        for (table,) in await model.fetch(_TABLES):
            if table != "migration":
                self._tables[table] = [name for (name,) in await model.fetch(_COLUMNS, table)]

    async def _do(
        self, operation: Callable[[Side], Awaitable[T]]
    ) -> list[tuple[T | type[Exception], list[object]]]:
        return [
            (await _attempt(operation(side)), sorted(side.refused, key=repr))
            for side in self._sides
        ]

    async def _contents(self) -> list[dict[str, list[Any]]]:
        return [await side.contents(self._tables) for side in self._sides]


async def _attempt(work: Awaitable[T]) -> T | type[Exception]:
    try:
        return await work
    except (StorageError, AccountExists) as refused:
        return type(refused)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else value
