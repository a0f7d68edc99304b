"""A throw-away PostgreSQL cluster for tests, made with Debian's package `postgresql`.

The environment variable SKERRY_TEST_POSTGRESQL names a database to use instead; its user must be
allowed to make schemas in it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pytest

ENVIRONMENT: Final = "SKERRY_TEST_POSTGRESQL"
# PostgreSQL refuses to run as root.
_STAND_INS: Final = ("postgres", "nobody")
_PATIENTLY: Final = ("-w", "-t", "300")
# The data is worthless: never wait for a disk.
_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "jit": "off",
}


class Cluster:
    """A PostgreSQL server of our own in a temporary folder, reached through a socket."""

    def __init__(self, **settings: str) -> None:
        # A socket's path must be short, and other users must get there: not in TMPDIR.
        self._folder = Path(tempfile.mkdtemp(prefix="skerry-pg-", dir="/tmp"))
        self._settings = _SETTINGS | settings
        self._user = _user()
        shutil.chown(self._folder, self._user)
        self._run("initdb", "-A", "trust", "-U", "skerry", "-E", "UTF8", "--no-locale", "-N")
        self.start()

    @property
    def url(self) -> str:
        """The database that every cluster has."""
        return f"postgresql://skerry@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start, and wait until it can be used."""
        options = [f"-c {name}='{value}'" for name, value in self._settings.items()]
        options.append(f"-c unix_socket_directories='{self._folder}'")
        log = str(self._folder / "log")
        self._run("pg_ctl", *_PATIENTLY, "-l", log, "-o", " ".join(options), "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop at once, as a crash would, or in another of PostgreSQL's modes."""
        self._run("pg_ctl", *_PATIENTLY, "-m", mode, "stop")

    def remove(self) -> None:
        """Stop, and forget everything."""
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_programs() / program), "-D", str(self._folder / "data"), *arguments]
        # Not a pipe: the server would hold it open for as long as it runs.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, user=self._user, cwd=self._folder, check=False,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read().decode()}"


def is_installed() -> bool:
    """Whether a cluster can be made here, or another database was named."""
    return bool(os.environ.get(ENVIRONMENT)) or _found() is not None


def is_needed() -> bool:
    """Whether tests are to run on it: where it is installed, and wherever everything is tested."""
    return is_installed() or os.environ.get("CI") == "true"


def need() -> None:
    """Skip the test without PostgreSQL; where everything is tested, fail."""
    if is_installed():
        return
    reason = f"needs PostgreSQL (apt-get install postgresql), or {ENVIRONMENT}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _programs() -> Path:
    found = _found()
    assert found is not None, "PostgreSQL is not installed"
    return found


def _found() -> Path | None:
    """Debian keeps initdb off the path, a folder for each version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*debian, *([Path(on_path).resolve()] if on_path else [])]
    return candidates[0].parent if candidates else None


def _version(path: Path) -> int:
    name = path.parent.parent.name
    return int(name) if name.isdigit() else 0


def _user() -> str:
    """Who runs the server: ourselves, or somebody else if we are root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _STAND_INS if name in known)
