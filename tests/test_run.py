"""The script at the root: what it says when it cannot do its work."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OLD = "#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n"
BARE = """#!/bin/sh
case $2 in
    *sys.exit*) exit 0 ;;
    *print*) echo 3.11 ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script and nothing else."""
    for name in ("run", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{checkout / 'bin'}:{os.defpath}", "HOME": str(checkout)}
    return subprocess.run(
        [checkout / "run", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def pretend(checkout: Path, script: str) -> None:
    """Put `script` in the place of every Python the script may find."""
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        path = checkout / "bin" / name
        path.write_text(script)
        path.chmod(0o755)


@pytest.mark.parametrize("arguments", [(), ("dance",)])
def test_it_tells_what_it_can_do(checkout: Path, arguments: tuple[str, ...]) -> None:
    done = run(checkout, *arguments)
    assert done.returncode == 2
    assert "./run serve" in done.stderr


def test_a_python_that_is_too_old(checkout: Path) -> None:
    pretend(checkout, OLD)
    done = run(checkout, "serve")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, and found Python 3.9.2" in done.stderr


def test_a_python_without_venv(checkout: Path) -> None:
    pretend(checkout, BARE)
    done = run(checkout, "serve")
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr
    assert not (checkout / ".venv").exists()
