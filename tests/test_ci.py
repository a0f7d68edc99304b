"""`.ci/run`: what it installs, and how it bears with mirrors that do not answer."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("bash", "cat", "dirname", "env", "grep", "sed", "sh", "sort", "tr", "true")
PRETENDED = {
    # Nobody is root here, and whatever root would do to this machine is only noted.
    "id": "echo 1000",
    "sudo": """
        [ "$1" = -n ] || exit 9
        shift
        echo "$*" >>HERE/log
        case $1 in true | env) exec "$@" ;; install) cat >/dev/null ;; esac
    """,
    "sleep": 'echo "sleep $*" >>HERE/log',
    "python3": "exit 0",
    "dpkg": "",
    # One package is there, and one program.
    "dpkg-query": 'for last; do :; done; [ "$last" = maven ] && echo installed',
    "npm": "",
    "apt-get": """
        echo "apt-get $DEBIAN_FRONTEND $*" >>HERE/apt
        case $* in *update*) exit 0 ;; esac
        echo x >>HERE/tries
        [ "$(grep -c x HERE/tries)" -gt FAILURES ]
    """,
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script, a list of packages, and programs that only pretend."""
    (tmp_path / ".ci").mkdir()
    script = (ROOT / ".ci" / "run").read_text()
    write(tmp_path / ".ci" / "run", script.replace("/usr/sbin/policy-rc.d", f"{tmp_path}/policy"))
    (tmp_path / "interop").mkdir()
    (tmp_path / "interop" / "packages.txt").write_text("# these\nmaven\nnpm\nprosody # a server\n")
    (tmp_path / "bin").mkdir()
    write(tmp_path / "run", f'echo "run $*" >>{tmp_path}/log')
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def write(path: Path, script: str) -> None:
    path.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(checkout: Path, failures: int = 0) -> subprocess.CompletedProcess[str]:
    for name, script in PRETENDED.items():
        text = script.replace("HERE", str(checkout)).replace("FAILURES", str(failures))
        write(checkout / "bin" / name, text)
    return subprocess.run(
        [checkout / ".ci" / "run"], env={"PATH": str(checkout / "bin"), "HOME": os.devnull},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def told(checkout: Path, name: str) -> list[str]:
    path = checkout / name
    return path.read_text().splitlines() if path.exists() else []


def test_only_what_is_missing_is_installed_and_nobody_is_asked(checkout: Path) -> None:
    done = run(checkout)
    assert done.returncode == 0, done.stderr
    assert "ci: installing prosody\n" in done.stdout
    update, install = told(checkout, "apt")
    assert "update" in update
    assert install.startswith("apt-get noninteractive -qq ")
    assert install.endswith("install -y --no-install-recommends prosody")
    assert told(checkout, "log")[-1] == "run test"


def test_nothing_is_asked_of_a_mirror_if_nothing_is_missing(checkout: Path) -> None:
    (checkout / "interop" / "packages.txt").write_text("maven npm\n")
    assert run(checkout).returncode == 0
    assert told(checkout, "apt") == []
    assert told(checkout, "log") == ["run test"]


def test_a_mirror_may_fail_three_times(checkout: Path) -> None:
    done = run(checkout, failures=3)
    assert done.returncode == 0, done.stderr
    assert len(told(checkout, "tries")) == 4
    assert [line for line in told(checkout, "log") if line.startswith("sleep")] == [
        "sleep 15", "sleep 30", "sleep 45",
    ]  # fmt: skip
    assert "ci: attempt 3 of 4 failed" in done.stderr


def test_a_mirror_that_stays_away_is_told(checkout: Path) -> None:
    done = run(checkout, failures=9)
    assert done.returncode == 1
    assert "ci: failed 4 times, and so gives up: install_packages prosody" in done.stderr
    assert "run test" not in told(checkout, "log")


def test_no_service_starts_while_packages_are_installed(checkout: Path) -> None:
    policy = f"{checkout}/policy"
    run(checkout, failures=9)
    log = [line for line in told(checkout, "log") if policy in line]
    assert log == [f"install -m 755 /dev/stdin {policy}", f"rm -f {policy}"]


def test_a_policy_that_is_there_stays(checkout: Path) -> None:
    (checkout / "policy").touch()
    assert run(checkout).returncode == 0
    assert not [line for line in told(checkout, "log") if "policy" in line]


def test_without_rights_it_goes_on_with_what_there_is(checkout: Path) -> None:
    (checkout / "bin" / "sudo").unlink(missing_ok=True)
    pretended = PRETENDED.pop("sudo")
    try:
        done = run(checkout)
    finally:
        PRETENDED["sudo"] = pretended
    assert done.returncode == 0
    assert "nobody to use it; the tests that need prosody are left out" in done.stdout
    assert told(checkout, "log") == ["run test"]
