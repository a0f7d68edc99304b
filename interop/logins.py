"""What a login costs the server, in CPU time: each way of logging in, beside the others.

    python -m interop.logins --count 1000 --rounds 3

A server of its own is started through an adapter (see `adapter.py`). Every login has a connection
of its own, proves who it is, binds a resource, asks for what `--then` says and takes its leave;
what the server does to end the session counts too. All ways log into the same accounts, whose
passwords' keys the client has derived before. Rounds begin with another way each; figures are
medians of the rounds.

Tokens are real: each device has got its own with a login by SCRAM, and proves it knows it; the
server must prove the same. Its first use, which makes the server write, belongs to the preparation.
Then a token serves for a day (`clients.token_rotation`), so the server hands out no other while it
is measured; in the rows with renewal the device asks for a new one with every login, which is the
most that rotation can cost.
"""

import argparse
import json
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from interop.instance import ADAPTER, PASSWORD, Instance
from interop.login_client import Device, Keys, Line, Login
from interop.processes import cpu_seconds

NOTHING, EVERYTHING = "nothing", "everything"
ACCOUNTS: Final = 100
AT_ONCE: Final = 10
_STEP: Final = 0.2
_LONGEST: Final = 20.0
#: Of one processor, below which the server is taken to have finished.
_QUIET: Final = 0.05

Step = Callable[[Login], None]


@dataclass(frozen=True)
class Way:
    """One way of logging in; `prepare` is what a device does once before."""

    title: str
    log_in: Step
    prepare: Step | None = None
    needs_tls: bool = False


def _classic(mechanism: str) -> Way:
    return Way(f"SASL, {mechanism}", lambda login: login.classic(mechanism))


def _modern(mechanism: str, binding: str = "") -> Way:
    title = f"SASL2, {mechanism}"
    return Way(title, lambda login: login.modern(mechanism, binding), needs_tls=bool(binding))


def _token(mechanism: str, binding: str = "", *, renew: bool = False) -> Way:
    return Way(
        f"SASL2, {mechanism}{', renewed each time' if renew else ''}",
        lambda login: login.token(mechanism, binding, renew=renew),
        lambda login: login.modern("SCRAM-SHA-256", token_for=mechanism),
        needs_tls=bool(binding),
    )


BASIS: Final = _modern("SCRAM-SHA-256")
WAYS: Final = (
    _classic("SCRAM-SHA-1"),
    _classic("SCRAM-SHA-256"),
    BASIS,
    _modern("SCRAM-SHA-256-PLUS", "tls-exporter"),
    _token("HT-SHA-256-NONE"),
    _token("HT-SHA-256-NONE", renew=True),
    _token("HT-SHA-256-ENDP", "tls-server-end-point"),
    _token("HT-SHA-256-EXPR", "tls-exporter"),
)


@dataclass(frozen=True)
class Setting:
    """How the devices connect, and what they ask for when they are in."""

    tls: str
    then: str

    def ways(self) -> tuple[Way, ...]:
        """Those that are possible here."""
        return tuple(way for way in WAYS if self.tls != "none" or not way.needs_tls)


class Bench:
    """Measures one running server that has accounts."""

    def __init__(self, server: Instance, count: int, accounts: int) -> None:
        self._domain = server.domain
        self._count = count
        self._pids: list[int] = json.loads(server.call("pids"))
        self._ports: dict[str, int] = json.loads(server.call("ports"))
        self._keys: list[dict[str, Keys]] = [{} for _ in range(accounts)]

    def measure(self, setting: Setting, rounds: int) -> dict[str, float]:
        """CPU time of one login in µs, for each way."""
        ways = setting.ways()
        devices = {way: self._prepare(way, setting) for way in ways}
        found: dict[Way, list[float]] = {way: [] for way in ways}
        for number in range(rounds):
            for way in (*ways[number % len(ways) :], *ways[: number % len(ways)]):
                found[way].append(self._round(way, setting, devices[way]))
        return {way.title: statistics.median(times) for way, times in found.items()}

    def _prepare(self, way: Way, setting: Setting) -> list[Device]:
        """Devices that have logged in in this way before, one for each account."""
        devices = [
            Device(self._domain, f"u{number}", PASSWORD, way.title, keys)
            for number, keys in enumerate(self._keys)
        ]
        for step in (way.prepare, way.log_in):
            if step is not None:
                self._log_in_all(step, setting, devices, len(devices))
        return devices

    def _round(self, way: Way, setting: Setting, devices: list[Device]) -> float:
        before = self._settled()
        self._log_in_all(way.log_in, setting, devices, self._count)
        return (self._settled() - before) / self._count * 1e6

    def _log_in_all(
        self, step: Step, setting: Setting, devices: Sequence[Device], count: int
    ) -> None:
        """So many logins, some at once; a device is never at two of them."""
        hands = min(AT_ONCE, len(devices))
        with ThreadPoolExecutor(hands) as pool:
            portions = [
                islice(cycle(devices[hand::hands]), count // hands + (hand < count % hands))
                for hand in range(hands)
            ]
            for done in [
                pool.submit(self._log_in_in_turn, step, setting, portion) for portion in portions
            ]:
                done.result()

    def _log_in_in_turn(self, step: Step, setting: Setting, devices: Iterable[Device]) -> None:
        port = self._ports["c2s" if setting.tls == "none" else "c2s_tls"]
        for device in devices:
            with closing(Line(port, tls=setting.tls != "none")) as line:
                login = Login(device, line, busy=setting.then == EVERYTHING)
                step(login)
                login.settle()

    def _settled(self) -> float:
        """The server's CPU time, once it has done what it had to."""
        deadline = time.monotonic() + _LONGEST
        last = cpu_seconds(self._pids)
        while True:
            time.sleep(_STEP)
            now = cpu_seconds(self._pids)
            if now - last <= _QUIET * _STEP or time.monotonic() > deadline:
                return now
            last = now


def run(
    workdir: pathlib.Path, settings: Sequence[Setting], count: int, rounds: int, adapter: str = ""
) -> str:
    """Start a server, measure it, stop it; the table in Markdown."""
    path, _, variant = adapter.partition(":")
    server = Instance(workdir, str(pathlib.Path(path).resolve()) if path else "", variant)
    accounts = min(ACCOUNTS, count)
    try:
        server.call("start")
        server.call("add-users", str(accounts))
        bench = Bench(server, count, accounts)
        return render({setting: bench.measure(setting, rounds) for setting in settings})
    finally:
        server.stop()


def render(found: dict[Setting, dict[str, float]]) -> str:
    """The table: CPU time, and in parentheses the ratio to SCRAM-SHA-256 in SASL2."""
    settings = list(found)
    titles = [f"TLS {setting.tls}, then {setting.then}" for setting in settings]
    rows = [["login, CPU µs (ratio)", *titles], ["---"] * (len(settings) + 1)]
    for way in WAYS:
        cells = [_cell(found[setting], way.title) for setting in settings]
        rows.append([way.title, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(times: dict[str, float], title: str) -> str:
    if title not in times:
        return "—"
    # Where the kernel counts in ticks, a few logins may take none.
    return f"{times[title]:.0f} ({times[title] / (times[BASIS.title] or 1):.2f})"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    add = parser.add_argument
    add("--adapter", default=f"{ADAPTER}:default", help="PATH:VARIANT")
    add("--tls", default="none,direct", help="any of none, direct")
    add("--then", default=f"{NOTHING},{EVERYTHING}", help=f"any of {NOTHING}, {EVERYTHING}")
    add("--count", type=int, default=1000, help="logins of each way in each round")
    add("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    settings = [
        Setting(tls, then) for tls in arguments.tls.split(",") for then in arguments.then.split(",")
    ]
    with tempfile.TemporaryDirectory() as folder:
        workdir = pathlib.Path(folder)
        print(run(workdir, settings, arguments.count, arguments.rounds, arguments.adapter))


if __name__ == "__main__":
    main()
