"""The folder of everything stored: made with care, and used by one server at a time."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class DataFolderError(Exception):
    """The folder cannot be used; the text says why and what helps."""


class DataFolder:
    """The data folder of a running server, claimed for as long as the `with` block lasts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1

    @property
    def control_socket(self) -> Path:
        """Where a running server takes orders."""
        return self.path / "control.sock"

    def __enter__(self) -> Self:
        """Make the folder if need be, and claim it; DataFolderError if that is not possible."""
        make_folder(self.path)
        self._lock = _claim(self.path / "lock")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._lock)


def make_folder(path: Path) -> None:
    """Make the data folder, for the eyes of its owner only, unless it is there."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderError(
            f"the data folder {path} cannot be made ({error.strerror}); "
            "make it, or choose another with --data or server.data"
        ) from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise DataFolderError(f"the data folder {path} is not writable for this user")


def holder(path: Path) -> int | None:
    """The process that has claimed the data folder `path`, 0 if it cannot be told, None if none."""
    try:
        lock = os.open(path / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read_holder(lock)
    finally:
        os.close(lock)
    return None


def _claim(path: Path) -> int:
    """Lock the file, and write into it who did; the lock ends with the process, however it ends."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataFolderError(f"{path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        process = _read_holder(lock)
        os.close(lock)
        raise DataFolderError(
            f"the data folder {path.parent} is in use by process {process or 'unknown'}; "
            "stop that server, or choose another folder with --data"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _read_holder(lock: int) -> int:
    """The process that wrote itself into the lock file, 0 if none did."""
    digits = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
    return int(digits) if digits.isdigit() else 0
