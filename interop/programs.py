"""The environments that clients run in, made when first needed and kept in `.venv-interop`.

Each client library pins what the others cannot live with, so each has an environment of its own.
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv-interop"
_INSTALL_TIMEOUT = 900
_PAUSES = (10.0, 30.0)
"""Seconds to wait before an installation is tried again: indexes do not always answer."""
_DEBIAN_PYTHON = "/usr/bin/python3"


class Unavailable(Exception):
    """A program is not installed, or what it needs cannot be fetched; the text says which."""


_FAILED: dict[pathlib.Path, str] = {}
"""What could not be made, and why; nobody tries again."""


def find(name: str) -> str:
    """The path of an installed program (packages.txt says which Debian package has it)."""
    path = shutil.which(name)
    if path is None:
        raise Unavailable(f"{name} is not installed, see interop/packages.txt")
    return path


def python_with(name: str, requirements: Sequence[str]) -> str:
    """The interpreter of a virtual environment that has exactly these requirements."""
    folder = ENVIRONMENTS / name
    interpreter = folder / "bin" / "python"

    def install() -> None:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _install(interpreter, name, requirements)

    _once(folder, "\n".join([*requirements, *_pins(name)]), install)
    return str(interpreter)


def debian_python_with(name: str, requirements: Sequence[str], *, typelib: str) -> str:
    """The same with Debian's own Python, whose bindings to GLib and GNOME no index offers.

    `typelib` is a library, with its version, that must be there for them.
    """
    folder = ENVIRONMENTS / name
    library, _, version = typelib.partition("-")
    check = f"import gi; gi.require_version({library!r}, {version!r})"
    if subprocess.run([_DEBIAN_PYTHON, "-c", check], capture_output=True, check=False).returncode:
        raise Unavailable(f"{typelib} is not installed for Python, see interop/packages.txt")
    interpreter = folder / "bin" / "python"

    def install() -> None:
        _run([_DEBIAN_PYTHON, "-m", "venv", "--clear", "--system-site-packages", str(folder)])
        _install(interpreter, name, requirements)

    _once(folder, "\n".join([*requirements, *_pins(name)]), install)
    return str(interpreter)


def _install(interpreter: pathlib.Path, name: str, requirements: Sequence[str]) -> None:
    """Install them and all they need in the versions that are known to do."""
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", *requirements]
    try:
        _run([*pip, *_pins(name)])
    except Unavailable:
        _run(pip)  # where an index lacks one of these versions, others are better than none


def _pins(name: str) -> list[str]:
    """The same versions every day: `interop/constraints` has what `pip freeze` told."""
    path = ROOT / "interop" / "constraints" / f"{name}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if not line.startswith("#")]


def node_modules(folder: pathlib.Path) -> str:
    """Node.js, once the packages that the folder's package.json names are beside it."""
    node, npm = find("node"), find("npm")
    argv = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    _once(
        folder / "node_modules",
        (folder / "package.json").read_text(),
        lambda: _run(argv, cwd=folder),
    )
    return node


def java_libraries(name: str, project: pathlib.Path) -> pathlib.Path:
    """A folder with the libraries that a Maven project depends on."""
    maven = find("mvn")
    folder = ENVIRONMENTS / name
    argv = [maven, "-q", "-B", "-f", str(project), "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]  # fmt: skip

    def copy() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        _run(argv)

    _once(folder, project.read_text(), copy)
    return folder


def _once(folder: pathlib.Path, wanted: str, make: Callable[[], None]) -> None:
    """Make the folder unless it was made, completely, for the same wishes."""
    mark = folder / ".made-for"
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    if folder in _FAILED:
        raise Unavailable(_FAILED[folder])
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with (ENVIRONMENTS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be making it just now
        if mark.exists() and mark.read_text() == digest:
            return
        try:
            _insist(make)
        except Unavailable as reason:
            _FAILED[folder] = str(reason)
            raise
        mark.write_text(digest)


def _insist(make: Callable[[], None]) -> None:
    """Try an installation a few times."""
    for pause in _PAUSES:
        try:
            return make()
        except Unavailable as reason:
            print(f"{reason}\nagain in {pause:.0f} s", flush=True)
            time.sleep(pause)
    return make()


def _run(argv: list[str], cwd: pathlib.Path | None = None) -> None:
    """Run an installer; its last lines are the reason if it fails."""
    try:
        result = subprocess.run(
            argv, cwd=cwd, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=_INSTALL_TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{' '.join(argv[:4])}: not done in {_INSTALL_TIMEOUT} s") from None
    if result.returncode:
        raise Unavailable(f"{' '.join(argv[:4])} failed: {result.stdout.strip()[-600:]}")
