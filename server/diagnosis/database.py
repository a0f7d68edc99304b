"""Is the database there, where it is a server of its own?"""

import asyncio
from collections.abc import Iterator

from server.config import Config
from server.diagnosis.finding import Finding, error, ok
from server.storage.errors import StorageError
from server.storage.opening import open_postgresql


def check_database(config: Config) -> Iterator[Finding]:
    """PostgreSQL answers, and stores what it is given."""
    if config.storage.backend != "postgresql":
        return
    try:
        open_postgresql(config.storage.url)  # tells what is not installed
        from server.storage.postgresql_connection import survey

        version, is_durable = asyncio.run(survey(config.storage.url))
    except StorageError as failure:
        yield error("database", str(failure), "mend it, or storage.url (conf/README.md has how)")
        return
    if is_durable:
        yield ok("database", f"PostgreSQL {version}")
    else:
        yield error(
            "database",
            f"PostgreSQL {version} runs with fsync = off: a power cut loses what was acknowledged",
            "set fsync = on in postgresql.conf and reload it",
        )
