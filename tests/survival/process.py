"""A server in a process of its own, which may be killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from tests.survival.client import DOMAIN, PASSWORD, hang_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
START_PATIENCE: Final = 120.0

#: What makes tests quick or possible at all; everything else is as it comes.
EASY: Final[dict[str, dict[str, object]]] = {
    "server": {"domains": [DOMAIN]},
    "tls": {"require": False},
    "auth": {"scram_iterations": 4096},
    "log": {"format": "json"},
}
#: For tests whose clients are in more of a hurry than people are.
BUSY: Final[dict[str, dict[str, object]]] = {
    "limits": {"rate": "0", "connections_per_address": 0},
}


class ServerProcess:
    """One server on a folder. Use as `async with ServerProcess(folder) as server`."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Mapping[str, object]] = BUSY,
        data: Path | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.data = data or folder / "data"
        self.log = folder / "server.log"
        self.port, self.tls_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._write_configuration(settings)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()
        await hang_up()

    def _write_configuration(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        sections = {name: dict(keys) for name, keys in EASY.items()}
        sections["server"]["data"] = str(self.data)
        sections["listen"] = {
            "c2s": [f"127.0.0.1:{self.port}"],
            "c2s_tls": [f"127.0.0.1:{self.tls_port}"],
        }
        for name, keys in settings.items():
            sections.setdefault(name, {}).update(keys)
        # The TOML of strings, numbers, truths and lists of them is also their JSON.
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
            for name, keys in sections.items()
        )
        (self.folder / "server.toml").write_text(text)

    # -- life --

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    async def start(self, code: str = "") -> float:
        """Start on what is in the folder; returns when clients can connect, with the seconds.

        `code` runs instead of the module, which it is to run itself.
        """
        command = [sys.executable, *(("-c", code) if code else ("-m", "server")), "serve"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  it is back at once
                [*command, "--config", str(self.folder / "server.toml")],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        clock = asyncio.get_running_loop().time
        begun = clock()
        while not (self._takes_orders() and accepts(self.port) and accepts(self.tls_port)):
            assert self._process.poll() is None, f"the server did not start\n{self.told()}"
            assert clock() < begun + START_PATIENCE, f"the server does not listen\n{self.told()}"
            await asyncio.sleep(0.02)
        return clock() - begun

    def _takes_orders(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, self._control() as path:
            return probe.connect_ex(path) == 0

    @contextmanager
    def _control(self) -> Iterator[str]:
        """The control socket, by a short path: it may have 108 bytes at most."""
        folder = os.open(self.data, os.O_PATH) if self.data.exists() else -1
        try:
            yield f"/proc/self/fd/{folder}/control.sock"
        finally:
            if folder >= 0:
                os.close(folder)

    def kill(self) -> None:
        """End it as a power cut would, but for what the kernel has."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def terminate(self) -> tuple[int, float]:
        """Ask it to end; its exit code and the seconds it took."""
        assert self._process is not None
        clock = asyncio.get_running_loop().time
        begun = clock()
        self._process.send_signal(signal.SIGTERM)
        while self._process.poll() is None:
            assert clock() < begun + START_PATIENCE, "the server does not end"
            await asyncio.sleep(0.01)
        return self._process.returncode, clock() - begun

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    # -- looking at it --

    def told(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")[-8000:]

    def crashes(self) -> list[str]:
        """What it logged as bugs of its own; that a disk can be full is none."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [
            line
            for line in lines
            if ("crashed" in line or "Traceback" in line) and "a commit failed" not in line
        ]

    def memory(self) -> int:
        """Its resident memory, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    # -- accounts --

    async def add_users(self, names: Iterable[str]) -> None:
        """Make accounts over the control socket."""
        with self._control() as path:
            reader, writer = await asyncio.open_unix_connection(path)
        for name in names:
            arguments = {"jid": f"{name}@{DOMAIN}", "password": PASSWORD}
            writer.write(json.dumps({"verb": "user.add", "arguments": arguments}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await reader.readline())
            assert answer["ok"], answer
        writer.close()
        await writer.wait_closed()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Whether somebody listens on that port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
