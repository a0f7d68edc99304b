"""`skerry config`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server import rooms
from server.__main__ import app
from server.config.render import example_file


def show(*arguments: str) -> Result:
    return CliRunner().invoke(
        app, ["config", *arguments], env={"SKERRY_CONFIG": "", "COLUMNS": "80"}
    )


def test_what_was_chosen_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nmax_depth = 20")
    result = show("--brief", "-c", str(file), "-d", "/srv", "--domain", "example.org")
    assert result.output == (
        '[server]\ndomains = ["example.org"]\ndata = "/srv"\n\n[limits]\nmax_depth = 20\n'
    )


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("tls.require=false", "[tls]\nrequire = false"),
        ("archive.default=never", '[archive]\ndefault = "never"'),
        ("limits.max_depth = 9", "[limits]\nmax_depth = 9"),
        ('listen.c2s=["127.0.0.1:0"]', '[listen]\nc2s = ["127.0.0.1:0"]'),
    ],
)
def test_any_key_can_be_set(setting: str, shown: str) -> None:
    assert shown in show("--brief", "--set", setting).output


def test_mistakes_are_told() -> None:
    result = show("--set", "tls.require=maybe")
    assert result.exit_code == 1
    assert "command line: tls.require: expected true or false, got 'maybe'" in result.output
    assert show("--set", "nonsense").exit_code == 2


def test_an_example_to_begin_with() -> None:
    assert show("--example").output == example_file(rooms.sections())
