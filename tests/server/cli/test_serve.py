"""`skerry serve`: the real process, from its start to its end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PORTS = ("--set", 'listen.c2s=["127.0.0.1:0"]', "--set", "listen.c2s_tls=[]")


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "server", *arguments, "--data", str(folder)]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *arguments), capture_output=True, text=True, check=False, env=environment()
    )


def environment() -> dict[str, str]:
    return {**os.environ, "SKERRY_CONFIG": os.devnull}


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that has greeted, and is made to end whatever happens."""
    with subprocess.Popen(
        command(folder, "serve", *PORTS),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout is not None
            greeting = next((line for line in process.stdout if line.startswith("Skerry")), "")
            assert "serves localhost" in greeting
            yield process
        finally:
            process.kill()


def test_a_server_serves_takes_orders_and_ends(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as server:
        assert run(folder, "user", "add", "anna@localhost", "--password", "x").returncode == 0
        second = run(folder, "serve", *PORTS)
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert f"in use by process {server.pid}" in second.stderr
        server.send_signal(signal.SIGTERM)
        assert server.wait(120) == 0
    assert not (folder / "control.sock").exists()
    assert run(folder, "user", "list").stdout == "anna@localhost\n"


def test_a_server_ends_or_begins_anew_by_order(tmp_path: Path) -> None:
    """It stays the same process, so that whoever has started it need not know."""
    folder = tmp_path / "data"
    with serving(folder) as server:
        ordered = run(folder, "stop", "--restart")
        assert (ordered.returncode, ordered.stdout) == (0, "the server restarts\n")
        assert server.stdout is not None
        assert any(line.startswith("Skerry") for line in server.stdout)
        assert run(folder, "user", "add", "anna@localhost", "--password", "x").returncode == 0
        ordered = run(folder, "stop", "--in", "1s", "--say", "Good night")
        assert (ordered.returncode, ordered.stdout) == (0, "the server ends in 1s\n")
        assert server.wait(120) == 0
    assert run(folder, "stop").stderr == "no server is running; this needs one\n"


def test_what_it_cannot_do_is_told_in_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = run(tmp_path, "serve", "--set", f'listen.c2s=["{address}"]')
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"cannot listen on {address}")
    assert "Traceback" not in done.stderr
