"""`skerry migrate`, from a file to a server and back."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.__main__ import app
from server.data_folder import DataFolder
from tests.harness import postgresql
from tests.harness.backend import backends


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKERRY_DATA", str(tmp_path))
    monkeypatch.setenv("SKERRY_CONFIG", str(tmp_path / "server.toml"))
    configure(tmp_path)


def configure(folder: Path, storage: str = "") -> None:
    (folder / "server.toml").write_text(
        f'[server]\ndomains = ["example.org"]\n[auth]\nscram_iterations = 4096\n{storage}\n'
    )


def skerry(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def url() -> str:
    postgresql.need()
    return asyncio.run(backends.schema())


def test_there_and_back(url: str, tmp_path: Path) -> None:
    skerry("user", "add", "anna@example.org", "--password", "secret")
    moved = skerry("migrate", "--to", url)
    assert moved.exit_code == 0, moved.output
    assert "         1  account\n" in moved.stdout
    _, advice = moved.stdout.split("Now configure:\n\n")
    configure(tmp_path, advice)
    (tmp_path / "skerry.sqlite").unlink()
    assert skerry("user", "list").stdout == "anna@example.org\n"
    assert skerry("user", "add", "ben@example.org", "--password", "secret").exit_code == 0

    moved = skerry("migrate", "--to", "sqlite")
    assert moved.exit_code == 0, moved.output
    configure(tmp_path, moved.stdout.partition("Now configure:\n\n")[2])
    assert skerry("user", "list").stdout == "anna@example.org\nben@example.org\n"


def test_not_beside_a_running_server(url: str, tmp_path: Path) -> None:
    skerry("user", "add", "anna@example.org", "--password", "secret")
    with DataFolder(tmp_path):
        refused = skerry("migrate", "--to", url)
    assert refused.exit_code == 1
    assert "is in use by process" in refused.stderr


def test_not_twice(url: str) -> None:
    skerry("user", "add", "anna@example.org", "--password", "secret")
    assert skerry("migrate", "--to", url).exit_code == 0
    refused = skerry("migrate", "--to", url)
    assert refused.exit_code == 1
    assert "the other database is not empty" in refused.stderr


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("mysql://x", "expected --to postgresql://"),
        ("sqlite", 'the configuration says storage.backend = "sqlite"'),
        ("postgresql://u@h/d", "there is nothing to copy"),
    ],
)
def test_what_makes_no_sense_is_refused(to: str, reason: str) -> None:
    refused = skerry("migrate", "--to", to)
    assert refused.exit_code == 1
    assert reason in refused.stderr


def test_a_server_that_is_not_there() -> None:
    skerry("user", "add", "anna@example.org", "--password", "secret")
    refused = skerry("migrate", "--to", "postgresql://u:hidden@127.0.0.1:1/d")
    assert refused.exit_code == 1
    assert "the PostgreSQL database 'd' at 127.0.0.1:1 cannot be reached" in refused.stderr
    assert "hidden" not in refused.output
