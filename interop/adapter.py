#!/usr/bin/env python3
"""Starts and stops this server for other programs: tests with real clients, benchmarks, suites.

    adapter.py --workdir DIR --port-base N --domain D [--variant V] [--dns IP:PORT] VERB

| verb                    | does                                                               |
|-------------------------|--------------------------------------------------------------------|
| `start`                 | configure and start a server with its data in DIR; return when the |
|                         | client ports accept                                                |
| `run`                   | the same in the foreground, also on what an earlier run left there |
| `stop`                  | stop it, wait until it is gone                                     |
| `add-users N`           | make `u0` to `u(N-1)`, password `secret`, on the running server    |
| `add-user JID PASSWORD` | make one account on the running server                             |
| `pids`                  | print a JSON list of root process ids                              |
| `ports`                 | print a JSON object of every listener and service                  |

Everything listens on 127.0.0.1. The certificate is self-signed: `DIR/certs/DOMAIN.crt`. TLS is
offered but not required, and there are no rate limits. Deleting DIR makes a fresh server.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
PASSWORD = "secret"
PORTION = 50  # accounts made by one order
NEEDED = ("OpenSSL", "dns", "lxml", "msgspec", "precis_i18n", "structlog", "typer", "uvloop")
VARIANTS = ("default", "postgresql")
START_TIMEOUT = 120.0
STOP_TIMEOUT = 60.0

CONFIG = """\
[server]
domains = ["{domain}"]
data = "{workdir}/data"

[listen]
c2s = ["127.0.0.1:{c2s}"]
c2s_tls = ["127.0.0.1:{c2s_tls}"]

[tls]
certificates = "{workdir}/certs"
require = false

[limits]
unauthenticated_timeout = "1h"
connections_per_address = 0
rate = "0"
pending_per_account = 1000000
pending_bytes_per_account = "64GiB"

[auth]
failures = 1000000

[registration]
enabled = true
pause = "0"
"""

POSTGRESQL = """
[storage]
backend = "postgresql"
url = "postgresql://skerry@127.0.0.1:{port}/skerry"
"""


class Adapter:
    """One server instance that lives in its own folder."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.workdir = pathlib.Path(arguments.workdir).resolve()
        self.base: int = arguments.port_base
        self.domain: str = arguments.domain
        self.variant: str = arguments.variant
        self.dns: str | None = arguments.dns
        self.pidfile = self.workdir / "server.pid"
        self.config = self.workdir / "server.toml"
        self.postgresql = (
            PostgreSQL(self.workdir, self.base + 32) if self.variant == "postgresql" else None
        )

    def ports(self) -> dict[str, int]:
        """Every listener, by name."""
        return {"c2s": self.base + 22, "c2s_tls": self.base + 23, "s2s": self.base + 69}

    def start(self) -> None:
        """Start in the background and wait until the client ports accept."""
        if self._server():
            raise SystemExit("already running")
        self.prepare()
        (self.workdir / "data" / "control.sock").unlink(missing_ok=True)
        with (self.workdir / "server.out").open("ab") as log:
            process = subprocess.Popen(
                self.command("serve"), cwd=ROOT, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.pidfile.write_text(str(process.pid))
        deadline = time.monotonic() + START_TIMEOUT
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                output = (self.workdir / "server.out").read_text(errors="replace")
                raise SystemExit(f"did not start: {output[-2000:]}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether the server listens, and takes orders: the ports could be another's."""
        return (self.workdir / "data" / "control.sock").exists() and self.listens()

    def listens(self) -> bool:
        """Whether the client ports accept."""
        return all(accepts(self.ports()[name]) for name in ("c2s", "c2s_tls"))

    def run(self) -> None:
        """Become the server; whatever an earlier run left in the folder does not matter."""
        self.pidfile.unlink(missing_ok=True)
        self.prepare()
        self.pidfile.write_text(str(os.getpid()))
        argv = self.command("serve")
        os.chdir(ROOT)
        os.execv(argv[0], argv)

    def stop(self) -> None:
        """End the server, by force if it does not end in time."""
        for pid in self._server():
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_TIMEOUT
            while alive(pid):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.05)
        self.pidfile.unlink(missing_ok=True)
        if self.postgresql:
            self.postgresql.stop()

    def pids(self) -> list[int]:
        """The server's process and its database server's, if they run."""
        return self._server() + (self.postgresql.pids() if self.postgresql else [])

    def _server(self) -> list[int]:
        try:
            pid = int(self.pidfile.read_text())
        except (OSError, ValueError):
            return []
        return [pid] if alive(pid) else []

    def add_users(self, count: int) -> None:
        """Make u0, u1, … in one go; those that exist already stay."""
        self.import_users((f"u{number}@{self.domain}", PASSWORD) for number in range(count))

    def import_users(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Have the running server make accounts, over its control socket."""
        users = list(accounts)
        with Control(self.workdir / "data") as control:
            for start in range(0, len(users), PORTION):
                answer = control.order("user.import", users=users[start : start + PORTION])
                if not answer["ok"]:
                    raise SystemExit(answer["error"])

    def prepare(self) -> None:
        """Write certificate and configuration into the folder."""
        (self.workdir / "data").mkdir(parents=True, exist_ok=True)
        self.make_certificate()
        config = CONFIG.format(workdir=self.workdir, domain=self.domain, **self.ports())
        if self.postgresql:
            self.postgresql.start()
            config += POSTGRESQL.format(port=self.postgresql.port)
        self.config.write_text(config)

    def make_certificate(self) -> None:
        """Self-signed ECDSA P-256 certificate for the domain and its services."""
        certificate = self.workdir / "certs" / f"{self.domain}.crt"
        if certificate.exists():
            return
        certificate.parent.mkdir(exist_ok=True)
        names = f"subjectAltName=DNS:{self.domain},DNS:*.{self.domain}"
        # Nobody else's name: clients look up who has signed in this machine's own list too.
        subject = f"/O={os.urandom(8).hex()}/CN={self.domain}"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "30", "-subj", subject, "-addext", names,
             "-keyout", certificate.with_suffix(".key"), "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip

    def command(self, *verb: str) -> list[str]:
        """How to call the server's own command line."""
        interpreter = python("asyncpg") if self.postgresql else python()
        return [interpreter, "-m", "server", *verb, "--config", str(self.config)]


class PostgreSQL:
    """A database server of our own, with nothing but an empty database for the server.

    It refuses to run as root, and then belongs to the user `postgres`, who cannot look into our
    folder: its data lies elsewhere, and a link in our folder tells where.
    """

    def __init__(self, workdir: pathlib.Path, port: int) -> None:
        self.port = port
        self._link = workdir / "postgresql"
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}

    def start(self) -> None:
        """Start it and wait until it answers; make it first if need be."""
        if self.pids():
            return
        fresh = not self._link.exists()
        if fresh:
            self._make()
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._call(
            *("pg_ctl", "-w", "-t", "300", "-D", self._data),
            *("-l", f"{self._data}.log", "-o", options, "start"),
        )
        if fresh:
            where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "skerry")
            self._call("createdb", *where, "skerry")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.pids():
            self._call("pg_ctl", "-w", "-t", "300", "-D", self._data, "-m", "fast", "stop")

    def pids(self) -> list[int]:
        """Its main process."""
        try:
            pid = int((self._link / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return []
        return [pid] if alive(pid) else []

    @property
    def _data(self) -> str:
        return str(self._link.resolve())

    def _make(self) -> None:
        """Make an empty cluster where its user can work."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="postgresql-"))
        if self._as:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        self._call(
            "initdb",
            "-D",
            str(data),
            "-U",
            "skerry",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        )
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(data)

    def _call(self, program: str, *arguments: str) -> None:
        """Run one of its programs, which Debian keeps outside PATH."""
        places = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        path = shutil.which(program, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))
        if path is None:
            raise SystemExit(f"{program} not found: PostgreSQL is not installed")
        result = subprocess.run(
            [path, *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, **self._as,
        )  # fmt: skip
        if result.returncode:
            raise SystemExit(f"{program}: {result.stdout}")


class Control:
    """A connection to the server's control socket (server/control.py has the protocol)."""

    def __init__(self, data: pathlib.Path) -> None:
        os.chdir(data)  # the path of a socket may have 108 bytes at most
        self._socket = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> "Control":
        self._socket.connect("control.sock")
        self._lines = self._socket.makefile("rw")
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def order(self, verb: str, **arguments: object) -> dict[str, Any]:
        """Give one order and wait for the answer."""
        self._lines.write(json.dumps({"verb": verb, "arguments": arguments}) + "\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer


def python(*more: str) -> str:
    """An interpreter that has what the server needs; made by `./run` if there is none yet."""
    if all(importlib.util.find_spec(name) for name in (*NEEDED, *more)):
        return sys.executable
    interpreter = ROOT / ".venv" / "bin" / "python"
    if not interpreter.exists() or more:
        environment = {**os.environ, **({"SKERRY_EXTRAS": "postgresql"} if more else {})}
        subprocess.run(
            [ROOT / "run", "config"], cwd=ROOT, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return str(interpreter)


def accepts(port: int) -> bool:
    """Whether something listens on that port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def alive(pid: int) -> bool:
    """Whether the process runs and is not a zombie that nobody has reaped yet."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def main(kind: type[Adapter] = Adapter) -> None:
    """The command line, for this server or another."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workdir", required=True, help="folder of this instance")
    parser.add_argument("--port-base", type=int, default=15000, help="c2s +22, TLS +23, s2s +69")
    parser.add_argument("--domain", default="bench.test")
    parser.add_argument("--variant", choices=VARIANTS, default=VARIANTS[0])
    parser.add_argument("--dns", help="IP:PORT of the DNS server to use for s2s")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("start", "run", "stop", "pids", "ports"):
        verbs.add_parser(verb)
    verbs.add_parser("add-users").add_argument("count", type=int)
    single = verbs.add_parser("add-user")
    single.add_argument("jid")
    single.add_argument("password")
    arguments = parser.parse_args()
    adapter = kind(arguments)
    if arguments.verb == "add-users":
        adapter.add_users(arguments.count)
    elif arguments.verb == "add-user":
        adapter.import_users([(arguments.jid, arguments.password)])
    elif (answer := getattr(adapter, arguments.verb)()) is not None:
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
