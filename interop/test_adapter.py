"""The adapter itself: its verbs, and a server that finds what a crash has left."""

import base64
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from interop.instance import ADAPTER, free_base

_PATIENCE = 120.0


@pytest.fixture
def argv(tmp_path: pathlib.Path) -> Iterator[list[str]]:
    """The adapter with a folder of its own; nothing is left running."""
    base = [sys.executable, str(ADAPTER), "--workdir", str(tmp_path), "--domain", "localhost"]
    command = [*base, "--port-base", str(free_base())]
    yield command
    _call(command, "stop")


def _call(command: list[str], *verb: str) -> str:
    result = subprocess.run([*command, *verb], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _may_log_in(port: int, user: str, password: str) -> bool:
    """Try PLAIN without TLS, which adapters allow (RFC 4616)."""
    initial = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as client:
        client.sendall(
            b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
            b"xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        _read_until(client, b"</stream:features>")
        auth = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{initial}</auth>"
        client.sendall(auth.encode())
        return b"<success" in _read_until(client, b">")


def _read_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received and (data := client.recv(65536)):
        received += data
    return received


def test_starts_makes_accounts_and_stops(argv: list[str]) -> None:
    _call(argv, "start")
    assert len(json.loads(_call(argv, "pids"))) == 1
    ports = json.loads(_call(argv, "ports"))
    _call(argv, "add-users", "3")
    _call(argv, "add-user", "anna@localhost", "Käse und Wein")
    assert _may_log_in(ports["c2s"], "u2", "secret")
    assert _may_log_in(ports["c2s"], "anna", "Käse und Wein")
    assert not _may_log_in(ports["c2s"], "anna", "secret")
    _call(argv, "stop")
    assert json.loads(_call(argv, "pids")) == []
    with pytest.raises(ConnectionRefusedError):
        _may_log_in(ports["c2s"], "u2", "secret")


def test_runs_on_what_a_crash_has_left(argv: list[str]) -> None:
    _call(argv, "start")
    _call(argv, "add-users", "1")
    (pid,) = json.loads(_call(argv, "pids"))
    os.kill(pid, signal.SIGKILL)
    port = json.loads(_call(argv, "ports"))["c2s"]
    with subprocess.Popen([*argv, "run"], stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port, server)
            assert _may_log_in(port, "u0", "secret")
        finally:
            server.terminate()
        assert server.wait(_PATIENCE) == 0


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it does not listen"
        time.sleep(0.05)
