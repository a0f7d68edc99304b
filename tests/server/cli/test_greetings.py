"""`skerry announce`, `motd` and `welcome`, beside a stopped server."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.__main__ import app


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKERRY_DATA", str(tmp_path))
    config = tmp_path / "server.toml"
    config.write_text('[server]\ndomains = ["example.org", "example.net"]\n')
    monkeypatch.setenv("SKERRY_CONFIG", str(config))


def skerry(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=given)


@pytest.mark.parametrize("kind", ["motd", "welcome"])
def test_a_text_is_set_shown_and_deleted(kind: str) -> None:
    assert skerry(kind, "show").output == ""
    assert skerry(kind, "set", "Hello,\nworld").exit_code == 0
    assert skerry(kind, "set", "-", "--to", "example.net", given="Hi\n").exit_code == 0
    expected = "example.org:\nHello,\nworld\nexample.net:\nHi\n"
    assert skerry(kind, "show").output == expected
    assert skerry(kind, "delete", "--to", "example.org").exit_code == 0
    assert skerry(kind, "show").output == "example.net:\nHi\n"


def test_what_cannot_be_set() -> None:
    result = skerry("motd", "set", "Hi", "--to", "example.com")
    assert (result.exit_code, result.output) == (
        1, "the domain example.com is not served here; served are: example.org, example.net\n",
    )  # fmt: skip
    assert skerry("motd", "set", "").exit_code == 1


def test_who_is_online_is_told_by_a_running_server_alone() -> None:
    result = skerry("announce", "hello")
    assert (result.exit_code, result.output) == (1, "no server is running; this needs one\n")
