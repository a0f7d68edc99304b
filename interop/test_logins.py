"""The measurement of logins: every way is tried and gets in; what it costs is not looked at."""

import os
import pathlib
import subprocess
import sys
from contextlib import closing

import pytest

from interop.instance import Instance
from interop.login_client import Device, Line, Login, RefusedError
from interop.logins import BASIS, EVERYTHING, NOTHING, WAYS, Setting, Step, render, run
from interop.processes import cpu_seconds, descendants

SETTINGS = [Setting("none", NOTHING), Setting("direct", EVERYTHING)]


def _device(name: str, user: str = "u0", password: str = "secret") -> Device:
    return Device("localhost", user, password, name)


def _try(server: Instance, device: Device, step: Step) -> None:
    with closing(Line(server.ports["c2s"], tls=False)) as line:
        step(Login(device, line, busy=False))


def test_the_table_has_every_way(tmp_path: pathlib.Path) -> None:
    lines = run(tmp_path, SETTINGS, count=2, rounds=1).splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == [
        way.title for way in WAYS
    ]
    for line, way in zip(lines[2:], WAYS, strict=True):
        cells = line.strip("| ").split(" | ")[1:]
        assert len(cells) == len(SETTINGS)
        for cell, setting in zip(cells, SETTINGS, strict=True):
            assert (cell == "—") == (way not in setting.ways())
            assert cell == "—" or float(cell.split()[0]) >= 0


def test_a_ratio_is_one_to_scram_in_sasl2() -> None:
    table = render({SETTINGS[0]: {BASIS.title: 500.0, "SASL, SCRAM-SHA-1": 750.4}})
    assert f"| {BASIS.title} | 500 (1.00) |" in table
    assert "| SASL, SCRAM-SHA-1 | 750 (1.50) |" in table
    assert "| SASL2, HT-SHA-256-EXPR | — |" in table


def _scram(login: Login) -> None:
    login.modern("SCRAM-SHA-256", token_for="HT-SHA-256-NONE")


def _token(login: Login) -> None:
    login.token("HT-SHA-256-NONE")


def test_a_token_is_used_and_renewed(server: Instance) -> None:
    device = _device("phone")
    _try(server, device, _scram)
    first = device.token
    assert first
    device.password = "forgotten"
    _try(server, device, _token)
    assert (device.token, device.tokens_seen) == (first, 1)
    _try(server, device, lambda login: login.token("HT-SHA-256-NONE", renew=True))
    assert device.token != first
    _try(server, device, _token)
    device.token = first
    with pytest.raises(RefusedError, match="not-authorized"):
        _try(server, device, _token)


def test_who_is_not_let_in_does_not_count(server: Instance) -> None:
    stranger = _device("laptop", password="wrong")
    with pytest.raises(RefusedError):
        _try(server, stranger, lambda login: login.classic("SCRAM-SHA-256"))
    with pytest.raises(RefusedError, match="not-authorized"):
        _try(server, stranger, _scram)
    with pytest.raises(RefusedError, match="no token"):
        _try(server, stranger, _token)


def test_cpu_time_of_a_process_and_its_children() -> None:
    program = "import time, sys; sum(range(10**6)); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        ["sh", "-c", f'"$0" -c "{program}"; true', sys.executable],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        assert len(descendants([process.pid])) == 2
        assert 0 < cpu_seconds([process.pid]) < 60
        process.communicate()
    assert descendants([process.pid]) == []
    assert cpu_seconds([process.pid]) == 0
    assert os.getpid() in descendants([os.getpid()])
