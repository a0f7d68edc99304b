"""The script at the root: what it says when it cannot do its work."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OLD = "#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n"
BARE = """#!/bin/sh
case $2 in
    *sys.exit*) exit 0 ;;
    *print*) echo 3.11 ;;
    *) exit 1 ;;
esac
"""


# Makes itself a virtual environment, in which pip fails a few times and then installs `skerry`.
PATIENT = """#!/bin/sh
here=@
case $* in
    '-m venv '*) mkdir -p $here/.venv/bin; cp $here/bin/python3 $here/.venv/bin/python ;;
    *sys.prefix*) echo $here/.venv ;;
    '-m pip '*)
        echo "$*" >>$here/asked
        if [ "$(grep -c . $here/asked)" -le FAILURES ]; then echo 'ERROR: no answer'; exit 1; fi
        printf '#!/bin/sh\\necho "serves: $*"\\n' >$here/.venv/bin/skerry
        chmod +x $here/.venv/bin/skerry
        cp $here/.venv/bin/skerry $here/.venv/bin/pytest ;;
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


@pytest.fixture
def impatient(checkout: Path) -> Path:
    """Where nobody sleeps, and tests have versions of their own."""
    sleep = checkout / "bin" / "sleep"
    sleep.write_text("#!/bin/sh\n")
    sleep.chmod(0o755)
    (checkout / "tests").mkdir()
    (checkout / "tests" / "constraints.txt").write_text("lxml==6\n")
    return checkout


def fail(checkout: Path, times: int) -> None:
    """Let pip fail so many times."""
    pretend(checkout, PATIENT.replace("@", str(checkout)).replace("FAILURES", str(times)))


def test_an_index_may_fail_twice(impatient: Path) -> None:
    fail(impatient, 2)
    done = run(impatient, "serve", "--now")
    assert done.stdout == "serves: serve --now\n"
    assert done.stderr.count("pip failed (ERROR: no answer); again in") == 2
    assert len((impatient / "asked").read_text().splitlines()) == 3
    assert run(impatient, "serve").returncode == 0  # and nothing is installed again
    assert len((impatient / "asked").read_text().splitlines()) == 3


def test_an_index_that_stays_away_is_told(impatient: Path) -> None:
    fail(impatient, 9)
    done = run(impatient, "serve")
    assert done.returncode == 1
    assert "pip failed three times" in done.stderr


def test_tests_have_their_versions_as_long_as_they_can_be_had(impatient: Path) -> None:
    fail(impatient, 2)
    assert run(impatient, "test", "--collect-only").returncode == 0
    asked = (impatient / "asked").read_text().splitlines()
    assert [f"-c {impatient}/tests/constraints.txt" in line for line in asked] == [
        True,
        True,
        False,
    ]
    assert run(impatient, "serve").returncode == 0
    (impatient / "tests" / "constraints.txt").write_text("lxml==7\n")
    assert run(impatient, "test", "--collect-only").returncode == 0
    assert len((impatient / "asked").read_text().splitlines()) == 4


def test_every_version_is_one_that_is_asked_for() -> None:
    lines = (ROOT / "tests" / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in pins.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for text in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        wanted = Requirement(text)
        pinned = versions.get(canonicalize_name(wanted.name))
        assert pinned, f"tests/constraints.txt lacks {wanted.name}"
        assert pinned in wanted.specifier, text
