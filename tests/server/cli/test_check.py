"""`skerry check`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server import diagnosis
from server.__main__ import app
from server.diagnosis.finding import Finding, error, ok, warning


@pytest.mark.parametrize(("bad", "status"), [(False, 0), (True, 1)])
def test_errors_decide_the_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bad: bool, status: int
) -> None:
    def diagnose(*_: object) -> Iterator[Finding]:
        yield ok("disk", "fine [really]")
        yield warning("clock", "late", "wind it")
        if bad:
            yield error("port", "taken", "free it")

    monkeypatch.setattr(diagnosis, "diagnose", diagnose)
    result = CliRunner().invoke(app, ["check", "--data", str(tmp_path)])
    assert result.exit_code == status
    assert "disk: fine [really]" in result.output
    assert "clock: late\n         → wind it" in result.output
    quiet = CliRunner().invoke(app, ["check", "-q", "--data", str(tmp_path)])
    assert "disk" not in quiet.output
