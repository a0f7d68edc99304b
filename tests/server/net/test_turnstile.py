"""Who may connect, and when (XEP-0205 §3.2)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server import log
from server.config.limits import Limits
from server.meters import Meters
from server.net import turnstile
from server.net.turnstile import Turnstile
from tests.harness.clock import FakeClock

HOME = "192.0.2.1"
OPEN = Limits(connections_per_address=0, connection_rate=0, handshake_rate=0)


class Gate:
    """A turnstile, its clock and its figures."""

    def __init__(self, limits: Limits = OPEN, **changes: Any) -> None:
        self.clock = FakeClock()
        self.meters = Meters()
        self.turnstile = Turnstile(replace(limits, **changes), self.clock, self.meters)

    def come(self, count: int, peer: str = HOME, *, is_tls: bool = False) -> list[float | None]:
        return [self.turnstile.admit(peer, is_tls=is_tls) for _ in range(count)]

    def figure(self, name: str) -> float:
        lines = self.meters.render().decode().splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def test_counting() -> None:
    gate = Gate(connections_per_address=2)
    assert gate.come(3) == [0, 0, None]
    assert gate.come(1, "192.0.2.2") == [0]
    gate.turnstile.release(HOME)
    assert gate.come(2) == [0, None]
    assert gate.figure('skerry_connections_refused_total{reason="count"}') == 2


def test_neighbours_in_ipv6_count_as_one() -> None:
    gate = Gate(connections_per_address=1)
    peers = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
    assert [gate.come(1, peer) for peer in peers] == [[0], [None], [0]]


def test_nothing_is_remembered_of_those_who_left() -> None:
    gate = Gate()
    gate.come(2)
    gate.turnstile.release(HOME)
    gate.turnstile.release(HOME)
    assert not gate.turnstile._open


def test_no_limit() -> None:
    assert set(Gate().come(30_000, is_tls=True)) == {0}


def test_who_connects_too_often_waits() -> None:
    gate = Gate(connection_rate=10, connection_burst=2)
    assert gate.come(4) == pytest.approx([0, 0, 0.1, 0.2])
    assert gate.come(1, "192.0.2.2") == [0]
    gate.clock.advance(10)
    assert gate.come(1) == [0]
    assert gate.figure("skerry_connections_delayed_total") == 2


def test_who_would_wait_too_long_is_refused() -> None:
    gate = Gate(connection_rate=1, connection_burst=1)
    waits = gate.come(20)
    assert waits[:16] == pytest.approx(range(16))  # half of 30 seconds
    assert waits[16:] == [None] * 4
    assert gate.figure('skerry_connections_refused_total{reason="rate"}') == 4


def test_handshakes_have_a_rate_of_their_own() -> None:
    gate = Gate(handshake_rate=10, handshake_burst=1)
    assert gate.come(3) == [0, 0, 0]
    assert gate.come(2, is_tls=True) == pytest.approx([0, 0.1])
    assert gate.turnstile.handshake(HOME) == pytest.approx(0.2)
    for _ in range(1000):
        gate.turnstile.handshake(HOME)
    assert gate.turnstile.handshake(HOME) is None
    assert gate.come(1, is_tls=True) == [None]
    assert gate.come(1) == [0]
    assert gate.turnstile._open[HOME] == 6  # who is refused is not counted


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_knows_no_rates(peer: str) -> None:
    gate = Gate(connection_rate=1, connection_burst=1, handshake_rate=1, handshake_burst=1)
    assert set(gate.come(100, peer, is_tls=True)) == {0}
    assert gate.turnstile.handshake(peer) == 0


def test_the_defaults_bear_a_crowd_behind_one_address() -> None:
    """10,000 clients come back at once, while the server still holds what is left of them."""
    gate = Gate(Limits())
    for _ in range(10_000):
        gate.turnstile._open[HOME] += 1
    assert None not in gate.come(10_000, is_tls=True)


def test_the_log_tells_and_is_not_flooded() -> None:
    """A stable event, for fail2ban and its like: see the README."""
    gate = Gate(connections_per_address=1)
    with capture_logs() as logs:
        gate.come(500)
        gate.come(2, "192.0.2.2")
        gate.clock.advance(10)
        gate.come(2)
    found = [each["peer"] for each in logs if each["event"] == "connection.refused"]
    assert found == [HOME] * 10 + ["192.0.2.2", HOME]
    assert (logs[0]["log_level"], logs[0]["reason"]) == ("warning", "count")


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"])
def test_the_filter_in_the_readme_fits_the_log(peer: str) -> None:
    """What stands there for fail2ban finds the address in the lines that are written."""
    readme = Path(turnstile.__file__).with_name("README.md").read_text("utf-8")
    found = re.search("failregex = (.*)", readme)
    assert found is not None
    pattern = re.compile(found[1].replace("<ADDR>", r"(?P<ip>(?:[0-9]+\.){3}[0-9]+|[0-9a-f:]+)"))
    lines = [
        log._serialise({"peer": peer, "host": "example.org", "level": "info", "event": event})
        for event in ("connection.refused", "login.failed", "session.bound")
    ]
    matches = [pattern.search(line) for line in lines]
    address = peer.removeprefix("::ffff:")
    assert [match and match["ip"] for match in matches] == [address, address, None]
