"""Which database the configuration asks for."""

from server.config import Config
from server.storage.database import Database
from server.storage.sqlite import SQLiteDatabase


def open_database(config: Config) -> Database:
    """The database of this server, not yet started."""
    if config.storage.backend == "postgresql":
        raise NotImplementedError("the postgresql backend is not part of this version")
    return SQLiteDatabase(config.database)
