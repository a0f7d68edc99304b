"""`skerry stop`, beside a stopped server; with a running one it is in `test_serve.py`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKERRY_DATA", str(tmp_path))
    monkeypatch.setenv("SKERRY_CONFIG", "/dev/null")


def test_there_is_nothing_to_end() -> None:
    result = CliRunner().invoke(app, ["stop"])
    assert (result.exit_code, result.output) == (1, "no server is running; this needs one\n")


def test_what_is_no_time() -> None:
    result = CliRunner().invoke(app, ["stop", "--in", "tomorrow"])
    assert result.exit_code == 2
    assert "expected" in result.output
