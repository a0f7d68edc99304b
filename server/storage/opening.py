"""The database that the configuration asks for."""

from server.config import Config
from server.storage.database import Database
from server.storage.sqlite import SQLiteDatabase


def open_database(config: Config) -> Database:
    """The database of this server, not yet started."""
    return SQLiteDatabase(config.database, commit_interval=float(config.storage.commit_interval))
