"""The contract of a database: what stores may ask, whatever the driver."""

from collections.abc import Sequence
from typing import Protocol

from server.storage.insert import Row, Step
from server.storage.journal import Journal
from server.storage.migrate import Migration


class Database(Protocol):
    """SQLite or PostgreSQL. Statements use `$1` placeholders and the SQL both dialects share."""

    journal: Journal

    async def start(self) -> None:
        """Open, bring the schema up to date, begin to accept rows."""

    async def close(self) -> None:
        """Store everything that waits, then close."""

    async def migrate(self, room: str, migrations: Sequence[Migration]) -> None:
        """Bring the tables of one room (the core, an extension) up to date, under a lock."""

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """A short read by key; sees everything that is durable."""

    async def fetch_large(self, sql: str, *args: object) -> list[Row]:
        """A read that may take a while; keeps off the event loop."""

    async def execute(self, sql: str, *args: object) -> list[Row]:
        """One write; durable when it returns. Gives the rows of `RETURNING`."""

    async def batch(self, steps: Sequence[Step]) -> None:
        """Several writes, all or none; durable when it returns."""
