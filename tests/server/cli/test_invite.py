"""`skerry invite`, beside a stopped server."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.__main__ import app


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKERRY_DATA", str(tmp_path))
    config = tmp_path / "server.toml"
    config.write_text(
        '[server]\ndomains = ["example.org", "example.net"]\n[auth]\nscram_iterations = 4096\n'
        '[invitations]\nlanding_page = "https://example.org/i/#{token}"\n'
    )
    monkeypatch.setenv("SKERRY_CONFIG", str(config))


def skerry(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_an_invitation_is_made_listed_and_revoked() -> None:
    made = skerry("invite", "create", "--valid", "3d")
    assert made.exit_code == 0
    uri, page = made.stdout.splitlines()
    start, _, token = uri.partition("=")
    assert (start, page) == ("xmpp:example.org?register;preauth", f"https://example.org/i/#{token}")
    (line,) = skerry("invite", "list").stdout.splitlines()
    assert token not in line
    assert line.endswith("account at example.org")
    assert skerry("invite", "revoke", line.partition(" ")[0]).exit_code == 0
    assert skerry("invite", "list").output == ""


def test_an_invitation_from_somebody_for_a_name() -> None:
    skerry("user", "add", "romeo@example.net", "--password", "x")
    made = skerry(
        "invite", "create", "example.net", "--name", "juliet", "--from", "romeo@example.net"
    )
    assert made.stdout.startswith("xmpp:juliet@example.net?register;preauth=")
    listed = skerry("invite", "list", "example.net").stdout
    assert listed.endswith("account at juliet@example.net, from romeo@example.net\n")
    assert skerry("invite", "list", "example.org").stdout == ""
    token = made.stdout.splitlines()[0].partition("=")[2]
    assert skerry("invite", "revoke", token).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["elsewhere.example"], "not served here"),
        (["--from", "nobody@example.org"], "there is no account"),
        (["--from", "a b"], "is not an address"),
        (["--name", "a/b"], "no username"),
        (["--name", "juliet", "--uses", "2"], "can be used once"),
        (["--uses", "0"], "from once to"),
        (["--valid", "1000d"], "366 days at most"),
        (["--valid", "soon"], "expected a duration"),
        (["--valid", "forever"], "expected a duration"),
    ],
)
def test_what_cannot_be_made(arguments: list[str], words: str) -> None:
    result = skerry("invite", "create", *arguments)
    assert result.exit_code != 0
    assert words in result.output


def test_what_is_not_there_cannot_be_revoked() -> None:
    result = skerry("invite", "revoke", "0123")
    assert (result.exit_code, result.output) == (1, "there is no such invitation\n")
    assert skerry("invite", "revoke", "").exit_code == 1
