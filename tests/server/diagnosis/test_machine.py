"""Is this machine fit?"""

import resource
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from server.config import load
from server.data_folder import DataFolder
from server.diagnosis import machine
from server.diagnosis.finding import Finding, Level

NOW = 1_800_000_000.0
Usage = namedtuple("Usage", "total used free")


def levels(found: list[Finding]) -> list[Level]:
    return [finding.level for finding in found]


def test_this_python_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(list(machine.check_python())) == [Level.OK]
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    (finding,) = machine.check_python()
    assert (finding.level, finding.mend) == (Level.ERROR, "install Python 3.11 or newer")


def test_libraries_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["lxml>=5", "no-such-thing[x]>=1 ; python_version > '3'", "asyncpg; extra == 'x'"]
    monkeypatch.setattr(machine, "requires", lambda _: wanted)
    missing, present = machine.check_libraries()
    assert missing.text == "no-such-thing is missing"
    assert present.text.startswith("lxml ")


def test_a_stranger_in_the_place_of_ours_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "requires", lambda _: [])
    monkeypatch.setattr(machine, "packages_distributions", lambda: {"server": ["other", "skerry"]})
    *_, finding = machine.check_libraries()
    assert finding.level is Level.ERROR
    assert "other brings a package 'server'" in finding.text


def test_without_an_installation_there_is_a_hint() -> None:
    (finding,) = machine.check_libraries("no-such-distribution")
    assert finding.level is Level.WARNING


@pytest.mark.parametrize(
    ("now", "kept", "level"),
    [(NOW, True, Level.OK), (NOW, False, Level.WARNING), (0.0, True, Level.ERROR)],
)
def test_the_clock(monkeypatch: pytest.MonkeyPatch, now: float, kept: bool, level: Level) -> None:
    monkeypatch.setattr(machine, "_is_synchronised", lambda: kept)
    assert levels(list(machine.check_clock(now))) == [level]


@pytest.mark.parametrize(
    ("limit", "level"), [(256, Level.WARNING), (65536, Level.OK), (-1, Level.OK)]
)
def test_open_files(monkeypatch: pytest.MonkeyPatch, limit: int, level: Level) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert levels(list(machine.check_files())) == [level]


@pytest.mark.parametrize(
    ("free", "level"), [(1 << 20, Level.ERROR), (1 << 30, Level.WARNING), (1 << 40, Level.OK)]
)
def test_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, level: Level) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, free))
    config = load(overrides={"server": {"data": str(tmp_path / "data")}})
    assert levels(list(machine.check_data(config))) == [Level.OK, level]


def test_the_data_folder(tmp_path: Path) -> None:
    config = load(overrides={"server": {"data": str(tmp_path / "data")}})
    with DataFolder(config.data):
        first = next(machine.check_data(config))
        assert "in use by process" in first.text
    config.data.chmod(0o755)
    assert Level.WARNING in levels(list(machine.check_data(config)))


def test_a_file_in_the_place_of_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    config = load(overrides={"server": {"data": str(tmp_path / "data")}})
    assert levels(list(machine.check_data(config))) == [Level.ERROR]
