"""Is this machine fit: Python, libraries, clock, file descriptors, the data folder?"""

import ctypes
import os
import resource
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path
from typing import Final

from server.config import Config
from server.data_folder import holder
from server.diagnosis.finding import Finding, error, ok, warning
from server.units import Size

LEAST_PYTHON: Final = (3, 11)
LEAST_FILES: Final = 4096
SCARCE_SPACE: Final = Size(256 << 20)
LOW_SPACE: Final = Size(2 << 30)
BUILT: Final = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
_TIME_ERROR: Final = 5  # adjtimex(2): "The system clock is not synchronized to a reliable server"


def check_python() -> Iterator[Finding]:
    """The interpreter is new enough."""
    running = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        needed = ".".join(map(str, LEAST_PYTHON))
        yield error("python", f"this is Python {running}", f"install Python {needed} or newer")
    else:
        yield ok("python", running)


def check_libraries(distribution: str = "skerry") -> Iterator[Finding]:
    """What the server needs is installed, and nobody else's package takes the place of ours."""
    try:
        needed = requires(distribution) or []
    except PackageNotFoundError:
        yield warning(
            "libraries", f"{distribution} is not installed", "pip install -e . in its folder"
        )
        return
    names = [_project(line) for line in needed if "extra ==" not in line]
    found = {name: _version(name) for name in names}
    for name in (name for name, number in found.items() if number is None):
        yield error("libraries", f"{name} is missing", f"pip install {name}")
    listed = ", ".join(f"{name} {number}" for name, number in found.items() if number)
    yield ok("libraries", listed)
    owners = packages_distributions()
    for package in ("server", "extensions", "federation"):
        strangers = set(owners.get(package, ())) - {distribution}
        if strangers:
            yield error(
                "libraries",
                f"{', '.join(sorted(strangers))} brings a package '{package}' of its own",
                "install skerry in a virtual environment of its own",
            )


def check_clock(utcnow: float) -> Iterator[Finding]:
    """The clock is plausible, and something keeps it right."""
    shown = datetime.fromtimestamp(utcnow, UTC).isoformat(" ", "seconds")
    if utcnow < BUILT:
        yield error("clock", f"it shows {shown}", "set the clock; install chrony or ntpd")
    elif not _is_synchronised():
        yield warning(
            "clock",
            f"nothing keeps it right; it shows {shown}",
            "run chrony or systemd-timesyncd (inside a container: on its host)",
        )
    else:
        yield ok("clock", shown)


def check_files() -> Iterator[Finding]:
    """Enough file descriptors: each connection takes one."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        yield warning(
            "files",
            f"only {soft} files and connections may be open at once",
            "raise LimitNOFILE= in the systemd unit, or `ulimit -n`",
        )
    else:
        yield ok("files", f"{soft} may be open at once")


def check_data(config: Config) -> Iterator[Finding]:
    """The data folder is ours alone, writable, and has room."""
    folder = config.data
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield error(
            "data",
            f"{folder} cannot be {'written' if existing == folder else 'made'}",
            f"make it and give it to the server's user: install -d -m 700 -o USER {folder}",
        )
        return
    running = holder(folder)
    state = "" if running is None else f", in use by process {running}"
    yield ok("data", f"{folder}{state}")
    if existing == folder and folder.stat().st_mode & 0o007:
        yield warning("data", "every user of this machine may look in", f"chmod o-rwx {folder}")
    yield from _check_space(existing)


def _check_space(folder: Path) -> Iterator[Finding]:
    """There is room on the disk."""
    free = shutil.disk_usage(folder).free
    shown = f"{free / (1 << 30):.1f} GiB free"
    if free < SCARCE_SPACE:
        yield error("disk", shown, "make room: without it messages are refused")
    elif free < LOW_SPACE:
        yield warning("disk", shown, "make room soon")
    else:
        yield ok("disk", shown)


def _is_synchronised() -> bool:
    """What the kernel says; True where it cannot be asked."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return True
    return state != _TIME_ERROR


def _project(requirement: str) -> str:
    """The name in a requirement such as `lxml>=5.2`."""
    name = requirement
    for mark in " ;[<>=!~(":
        name = name.partition(mark)[0]
    return name


def _version(name: str) -> str | None:
    """The installed version, None if there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
