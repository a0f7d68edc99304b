"""The data folder and its lock."""

import os
from pathlib import Path

import pytest

from server.data_folder import DataFolder, DataFolderError, holder


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "a" / "b") as folder:
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert folder.control_socket.parent == folder.path


def test_only_one_server_may_use_it(tmp_path: Path) -> None:
    with DataFolder(tmp_path):
        assert holder(tmp_path) == os.getpid()
        with (
            pytest.raises(DataFolderError, match=f"in use by process {os.getpid()}"),
            DataFolder(tmp_path),
        ):
            pass
    assert holder(tmp_path) is None
    with DataFolder(tmp_path):
        pass


def test_asking_for_the_holder_does_not_claim(tmp_path: Path) -> None:
    assert holder(tmp_path / "nowhere") is None
    (tmp_path / "lock").touch()
    assert holder(tmp_path) is None
    with DataFolder(tmp_path):
        pass


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match="cannot be made"), DataFolder(tmp_path / "file"):
        pass
