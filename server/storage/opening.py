"""Which database the configuration asks for."""

from server.config import Config, ConfigError, Finding
from server.storage.database import Database
from server.storage.sqlite import SQLiteDatabase


def open_database(config: Config) -> Database:
    """The database of this server, not yet started; ConfigError for one we do not have."""
    if config.storage.backend == "postgresql":
        problem = "postgresql is not part of this version; choose sqlite"
        raise ConfigError([Finding(problem, "storage.backend", config.path)])
    return SQLiteDatabase(config.database)
