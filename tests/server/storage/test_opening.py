"""The database that the configuration asks for."""

from pathlib import Path

import pytest

from server.config import load
from server.storage import opening
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.opening import open_database
from server.storage.postgresql import PostgreSQLDatabase
from server.storage.sqlite import SQLiteDatabase

URL = "postgresql://skerry:pass@localhost/skerry"


def test_the_file_and_the_interval_are_as_configured(tmp_path: Path) -> None:
    overrides: dict[str, dict[str, object]] = {
        "server": {"data": str(tmp_path)},
        "storage": {"path": "x.db", "commit_interval": "250ms"},
    }
    database = open_database(load(overrides=overrides))
    assert isinstance(database, SQLiteDatabase)
    assert database.path == str(tmp_path / "x.db")
    assert database.commit_interval == 0.25


def test_postgresql_is_where_it_was_said_to_be() -> None:
    overrides = {"storage": {"backend": "postgresql", "url": URL, "commit_interval": "250ms"}}
    database = open_database(load(overrides=overrides))
    assert isinstance(database, PostgreSQLDatabase)
    assert database.url == URL
    assert database.commit_interval == 0.25


def test_what_is_missing_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    overrides = {"storage": {"backend": "postgresql", "url": URL}}
    with pytest.raises(StorageError, match=r"pip install 'skerry\[postgresql\]'"):
        open_database(load(overrides=overrides))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://u:hidden@/x?host=/nowhere", "No such file"),
        ("postgresql://u:hidden@127.0.0.1:1/x", "Connect"),
        ("postgresql://u:hidden@127.0.0.1:port/x", "port"),
    ],
)
async def test_who_cannot_be_reached_is_named_without_his_password(url: str, reason: str) -> None:
    with pytest.raises(StorageUnavailable, match=f"cannot be reached.*{reason}") as caught:
        await PostgreSQLDatabase(url).start()
    assert "hidden" not in str(caught.value)
