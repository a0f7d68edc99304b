"""Migrations: numbered SQL files, forward only, one series for the core and for each extension.

Each file begins with `-- oldest: N`, the oldest version of the code (that is, its newest known
migration) that can still run on the schema after it. Where the dialects differ the files use
names (`$BLOB`, `$IDENTITY`…) that the driver replaces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

CORE = "core"
LEDGER_TABLE = "migration"
LEDGER = """CREATE TABLE IF NOT EXISTS migration (
    room TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, oldest BIGINT NOT NULL)"""
FIND = "SELECT version, oldest FROM migration WHERE room = $1"
RECORD = """INSERT INTO migration (room, version, oldest) VALUES ($1, $2, $3)
    ON CONFLICT (room) DO UPDATE SET version = excluded.version, oldest = excluded.oldest"""


class SchemaTooNew(Exception):
    """The database was upgraded by a version that this one cannot follow."""


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    version: int
    oldest: int
    sql: str

    def statements(self, dialect: Mapping[str, str]) -> list[str]:
        """The statements of the step, in the driver's dialect."""
        lines = [line for line in self.sql.splitlines() if not line.lstrip().startswith("--")]
        text = Template("\n".join(lines)).substitute(dialect)
        return [statement.strip() for statement in text.split(";") if statement.strip()]


def load(package: str = "server.storage.migrations") -> tuple[Migration, ...]:
    """All migrations of a package, in order: `0001_name.sql`, `0002_name.sql` and so on."""
    entries = [entry for entry in files(package).iterdir() if entry.name.endswith(".sql")]
    found = [parse(entry.name, entry.read_text("utf-8")) for entry in entries]
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations of {package} are not numbered 1, 2, 3…")
    return tuple(found)


def parse(name: str, text: str) -> Migration:
    """Read one migration file."""
    head, _, _ = text.partition("\n")
    label, _, oldest = head.partition(":")
    if label.strip() != "-- oldest":
        raise ValueError(f"{name} does not begin with '-- oldest: N'")
    return Migration(int(name.partition("_")[0]), int(oldest), text)


def outstanding(
    room: str, migrations: Sequence[Migration], found: Sequence[tuple[int, int]]
) -> list[Migration]:
    """The migrations still to run, given the ledger's row for the room, if there is one."""
    version, oldest = found[0] if found else (0, 0)
    known = migrations[-1].version if migrations else 0
    if oldest > known:
        raise SchemaTooNew(
            f"the tables of '{room}' need version {oldest} or newer, this is version {known}"
        )
    return [migration for migration in migrations if migration.version > version]
