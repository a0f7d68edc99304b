"""`skerry migrate`: everything that is stored moves to the other kind of database."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from server import rooms
from server.cli.options import ConfigFile, Data, configuration, fail, readable_errors
from server.data_folder import DataFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server.config import Config
    from server.storage.copying import Progress, Side
    from server.storage.database import Database

To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="URL",
        help="postgresql://USER@HOST/DATABASE, or the word sqlite for the way back.",
    ),
]


def migrate(to: To, config: ConfigFile = None, data: Data = None) -> None:
    """Copy everything from SQLite to PostgreSQL (or back) while the server does not run."""
    with readable_errors():
        settings = configuration(config, data)
        back = to == "sqlite"
        if not back and not to.startswith(("postgresql://", "postgres://")):
            fail("expected --to postgresql://USER@HOST/DATABASE, or --to sqlite")
        if back != (settings.storage.backend == "postgresql"):
            fail(f"the configuration says storage.backend = {json.dumps(settings.storage.backend)}")
        if not back and not settings.database.is_file():
            fail(f"there is nothing to copy: {settings.database} does not exist")
        # No server may run meanwhile, or start.
        with DataFolder(settings.data), _bar() as progress:
            counts = asyncio.run(_copy(settings, "" if back else to, progress))
    for table, count in sorted(counts.items()):
        typer.echo(f"  {count:>10}  {table}")
    typer.echo(f"All {sum(counts.values())} rows have arrived and are the same. Now configure:\n")
    typer.echo(_advice(settings.database if back else None, to))


async def _copy(config: Config, url: str, progress: Progress) -> dict[str, int]:
    """Bring the tables of both up to date, then copy."""
    from server.storage.copying import copy_all

    file, server = _file(config.database), _server(url or config.storage.url)
    for database in (file[0], server[0]):
        await database.start()
        try:
            for room, series in rooms.migrations().items():
                await database.migrate(room, series)
        finally:
            await database.close()
    if url:
        return await copy_all(file[1], server[1], progress)
    return await copy_all(server[1], file[1], progress)


def _file(path: Path) -> tuple[Database, Side]:
    from server.storage.copying_sqlite import SQLiteSide
    from server.storage.sqlite import SQLiteDatabase

    return SQLiteDatabase(path), SQLiteSide(path)


def _server(url: str) -> tuple[Database, Side]:
    from server.storage.opening import open_postgresql

    database = open_postgresql(url)
    from server.storage.copying_postgresql import PostgreSQLSide

    return database, PostgreSQLSide(url)


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("copying", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield progress


def _advice(file: Path | None, url: str) -> str:
    if file is not None:
        return '    [storage]\n    backend = "sqlite"'
    parts = urlsplit(url)
    if parts.password:
        url = url.replace(f":{parts.password}@", ":PASSWORD@", 1)
    return f'    [storage]\n    backend = "postgresql"\n    url = {json.dumps(url)}'
