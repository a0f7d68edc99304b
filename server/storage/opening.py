"""The database that the configuration asks for."""

from importlib.util import find_spec

from server.config import Config
from server.storage.database import Database
from server.storage.errors import StorageError
from server.storage.sqlite import SQLiteDatabase

_HOW_TO_INSTALL = (
    "PostgreSQL needs the package asyncpg: pip install 'skerry[postgresql]'"
    " (in a checkout: SKERRY_EXTRAS=postgresql ./run serve)"
)


def open_database(config: Config) -> Database:
    """The database of this server, not yet started. Raises StorageError if something is missing."""
    interval = float(config.storage.commit_interval)
    if config.storage.backend == "postgresql":
        return open_postgresql(config.storage.url, commit_interval=interval)
    return SQLiteDatabase(config.database, commit_interval=interval)


def open_postgresql(url: str, **options: float) -> Database:
    """A PostgreSQL database, not yet started. Raises StorageError without asyncpg."""
    if find_spec("asyncpg") is None:
        raise StorageError(_HOW_TO_INSTALL)
    from server.storage.postgresql import PostgreSQLDatabase

    return PostgreSQLDatabase(url, **options)
