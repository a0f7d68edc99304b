"""The table shows what worked, what did not, and why something is missing."""

import pathlib

import pytest

from interop.capabilities import CAPABILITIES
from interop.matrix import Matrix


def _filled() -> Matrix:
    matrix = Matrix()
    matrix.missing("zither", {"archive": "no code for it"})
    with matrix.recording("zither", "messages"):
        pass
    with pytest.raises(AssertionError), matrix.recording("Anna", "messages"):
        raise AssertionError
    matrix.suite("Smack", "7 passed")
    return matrix


def test_one_column_for_each_client_one_row_for_each_capability() -> None:
    table, reasons, suites = _filled().render().split("\n\n")
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    ]
    assert head == ["", "Anna", "zither"]
    assert [row[0] for row in rows] == [each.title for each in CAPABILITIES.values()]
    assert ["messages", "NO", "yes"] in rows
    assert ["archive", "", "—"] in rows
    assert reasons == "- zither, archive: no code for it"
    assert suites == "Smack: 7 passed"


def test_nothing_ran() -> None:
    assert Matrix().render() == ""


def test_what_is_kept_is_read_again(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "matrix.json"
    _filled().save(path)
    assert Matrix.load(path).render() == _filled().render()
