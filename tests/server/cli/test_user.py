"""`skerry user`, beside a stopped server and on a running one."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.__main__ import app
from server.control import Control, Refused
from server.tasks import Tasks


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKERRY_DATA", str(tmp_path))
    config = tmp_path / "server.toml"
    config.write_text('[server]\ndomains = ["example.org"]\n[auth]\nscram_iterations = 4096\n')
    monkeypatch.setenv("SKERRY_CONFIG", str(config))


def user(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["user", *arguments], input=given)


def test_accounts_beside_a_stopped_server() -> None:
    added = user("add", "anna@example.org", "--password", "secret")
    assert (added.exit_code, added.output) == (0, "added anna@example.org\n")
    assert user("add", "bert@example.org", given="from input\n").exit_code == 0
    assert user("list").output == "anna@example.org\nbert@example.org\n"
    assert user("password", "anna@example.org", "--password", "-", given="x\n").exit_code == 0
    assert user("delete", "anna@example.org").output == "deleted anna@example.org\n"
    assert user("list", "example.org").output == "bert@example.org\n"
    assert user("list", "example.net").output == ""


def test_an_account_is_disabled_and_enabled() -> None:
    user("add", "anna@example.org", "--password", "secret")
    user("add", "bert@example.org", "--password", "secret")
    disabled = user("disable", "anna@example.org")
    assert (disabled.exit_code, disabled.output) == (0, "disabled anna@example.org\n")
    assert user("list").output == "anna@example.org  disabled\nbert@example.org\n"
    assert "  disabled    since 20" in user("show", "anna@example.org").output
    assert user("enable", "anna@example.org").output == "enabled anna@example.org\n"
    assert user("list").output == "anna@example.org\nbert@example.org\n"
    for order in ("disable", "enable", "show"):
        result = user(order, "carl@example.org")
        assert (result.exit_code, result.output) == (1, "there is no account carl@example.org\n")


def test_what_is_known_of_an_account() -> None:
    user("add", "anna@example.org", "--password", "secret")
    CliRunner().invoke(app, ["invite", "create", "--from", "anna@example.org"])
    lines = user("show", "anna@example.org").output.splitlines()
    assert lines[0] == "anna@example.org"
    assert lines[2:6] == [
        "  last login  never", "  online      never", "  contacts    0", "  waiting     0 messages",
    ]  # fmt: skip
    assert lines[6].startswith("  invitation  ")


def test_the_options_of_all_commands() -> None:
    """They come after a command's own, with their words and their short names."""
    found = user("add", "--help").output
    for option in ("--password", "--config", "-c", "--data", "-d", "--domain"):
        assert option in found


def test_what_goes_wrong_is_told_in_a_line() -> None:
    result = user("delete", "anna@example.org")
    assert (result.exit_code, result.output) == (1, "there is no account anna@example.org\n")


def test_what_needs_a_running_server_says_so() -> None:
    for order in (["list", "--online"], ["end", "anna@example.org"]):
        result = user(*order)
        assert (result.exit_code, result.output) == (1, "no server is running; this needs one\n")


def test_a_running_server_is_asked(tmp_path: Path) -> None:
    seen: list[str] = []

    async def add(jid: str, password: str) -> None:
        seen.append(f"{jid} {password}")

    async def delete(jid: str) -> None:
        raise Refused(f"{jid} stays")

    async def scene() -> tuple[Result, Result]:
        async with Tasks("test") as tasks:
            control = Control(
                tmp_path / "control.sock", {"user.add": add, "user.delete": delete}, tasks
            )
            await control.start()
            added = await asyncio.to_thread(user, "add", "a@example.org", "--password", "x")
            refused = await asyncio.to_thread(user, "delete", "a@example.org")
            await control.close()
        return added, refused

    added, refused = asyncio.run(scene())
    assert (added.exit_code, seen) == (0, ["a@example.org x"])
    assert (refused.exit_code, refused.output) == (1, "a@example.org stays\n")
    assert not (tmp_path / "skerry.sqlite").exists()
