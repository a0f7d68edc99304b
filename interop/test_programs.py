"""How environments come to be: indexes may fail for a moment, and nothing is made twice."""

import pathlib

import pytest

from interop import programs
from interop.programs import Unavailable


class Index:
    """Stands in for all installers; the first few times it does not answer."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked: list[list[str]] = []

    def __call__(self, argv: list[str], cwd: pathlib.Path | None = None) -> None:
        if "venv" in argv:
            pathlib.Path(argv[-1]).mkdir(exist_ok=True)
            return
        self.asked.append(argv)
        if len(self.asked) <= self.failures:
            raise Unavailable("no answer")


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Index:
    index = Index(0)
    monkeypatch.setattr(programs, "_run", index)
    monkeypatch.setattr(programs, "_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(programs, "_FAILED", {})
    monkeypatch.setattr(programs, "ENVIRONMENTS", tmp_path / "environments")
    return index


def test_an_environment_is_made_once(index: Index, tmp_path: pathlib.Path) -> None:
    wanted = str(tmp_path / "environments" / "x" / "bin" / "python")
    assert [programs.python_with("x", ["x==1"]) for _ in range(2)] == [wanted] * 2
    assert len(index.asked) == 1
    programs.python_with("x", ["x==2"])
    assert len(index.asked) == 2


def test_an_index_may_fail_for_a_moment(index: Index) -> None:
    index.failures = 5
    programs.python_with("x", ["x==1"])
    assert len(index.asked) == 6


def test_an_index_that_stays_away_is_told_and_not_asked_again(index: Index) -> None:
    index.failures = 99
    for _ in range(2):
        with pytest.raises(Unavailable, match="no answer"):
            programs.python_with("x", ["x==1"])
    assert len(index.asked) == 6


def test_known_versions_are_asked_for_first(index: Index) -> None:
    index.failures = 1
    programs.python_with("slixmpp", ["slixmpp==1.17.0"])
    pinned, free = index.asked
    assert free[-1] == "slixmpp==1.17.0"
    assert any(name.startswith("aiodns==") for name in pinned)
