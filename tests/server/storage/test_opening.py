"""The database that the configuration asks for."""

from pathlib import Path

from server.config import load
from server.storage.opening import open_database
from server.storage.sqlite import SQLiteDatabase


def test_the_file_and_the_interval_are_as_configured(tmp_path: Path) -> None:
    overrides: dict[str, dict[str, object]] = {
        "server": {"data": str(tmp_path)},
        "storage": {"path": "x.db", "commit_interval": "250ms"},
    }
    database = open_database(load(overrides=overrides))
    assert isinstance(database, SQLiteDatabase)
    assert database.path == str(tmp_path / "x.db")
    assert database.commit_interval == 0.25
