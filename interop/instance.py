"""A running server, started and stopped through an adapter (see `adapter.py`)."""

import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys

from interop.capabilities import Situation

ADAPTER = pathlib.Path(__file__).resolve().parent / "adapter.py"
DOMAIN = "localhost"
PASSWORD = "secret"
ACCOUNTS = 50
_WANTED = (22, 23, 32, 69)
_HELD = 99
_HIGHEST_BASE = 29900
_BASES: dict[int, socket.socket] = {}  # those of this process, held against all others


class Instance:
    """One server with a folder and a port range of its own, and a stock of fresh accounts.

    INTEROP_ADAPTER names another adapter, to run the tests against another server;
    INTEROP_VARIANT picks one of its variants.
    """

    def __init__(self, workdir: pathlib.Path, adapter: str = "", variant: str = "") -> None:
        self.workdir = workdir
        self._adapter = adapter or os.environ.get("INTEROP_ADAPTER", "")
        self._variant = variant or os.environ.get("INTEROP_VARIANT", "")
        self.domain = DOMAIN
        self.certificate = workdir / "certs" / f"{DOMAIN}.crt"
        self._base = free_base()
        self._numbers = itertools.count()
        self.ports: dict[str, int] = {}

    def start(self) -> None:
        """Start it, with its accounts."""
        self.call("start")
        self.call("add-users", str(ACCOUNTS))
        self.ports = json.loads(self.call("ports"))

    def stop(self) -> None:
        """Stop it."""
        self.call("stop")

    def call(self, *verb: str) -> str:
        """Let the adapter do something."""
        argv = [
            *([self._adapter] if self._adapter else [sys.executable, str(ADAPTER)]),
            *("--workdir", str(self.workdir)),
            *("--port-base", str(self._base)),
            *("--domain", self.domain),
            *(("--variant", self._variant) if self._variant else ()),
            *verb,
        ]
        result = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=300, check=False
        )
        if result.returncode:
            raise RuntimeError(f"{' '.join(argv)}\n{result.stdout}{result.stderr}")
        return result.stdout

    def situation(self) -> Situation:
        """Two accounts that no other test has used, and where to find the server."""
        alice, bob = (f"u{next(self._numbers)}@{self.domain}" for _ in range(2))
        return Situation(
            domain=self.domain,
            host="127.0.0.1",
            c2s=self.ports["c2s"],
            c2s_tls=self.ports["c2s_tls"],
            certificate=str(self.certificate),
            alice=alice,
            bob=bob,
            password=PASSWORD,
        )


def free_base() -> int:
    """A port base with nothing listening where a server wants to."""
    start = 20000 + os.getpid() % 90 * 100
    bases: list[int] = [*range(start, _HIGHEST_BASE, 100), *range(20000, start, 100)]
    for base in [*_BASES, *bases]:
        if _is_ours(base) and all(_is_free(base + offset) for offset in _WANTED):
            return base
    raise RuntimeError("no free port range")


def _is_ours(base: int) -> bool:
    """Whether no other run of these tests has this base; ours keeps it until its end."""
    if base not in _BASES:
        hold = socket.socket()
        try:
            hold.bind(("127.0.0.1", base + _HELD))
        except OSError:
            hold.close()
            return False
        _BASES[base] = hold
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: what is left of connections that have ended does not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
