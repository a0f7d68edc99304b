"""Can the server listen?"""

import socket

import pytest

from server.config import Address
from server.diagnosis import ports
from server.diagnosis.finding import Level
from server.diagnosis.ports import check_port


def test_a_free_port() -> None:
    assert check_port("listen.c2s", Address("127.0.0.1", 0), running=False).level is Level.OK


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        finding = check_port("listen.c2s", address, running=False)
        assert finding.level is Level.ERROR
        assert "change listen.c2s" in finding.mend
        assert check_port("listen.c2s", address, running=True).level is Level.OK


def test_an_address_of_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_answers", lambda _: False)  # no network is asked
    finding = check_port("listen.c2s", Address("240.0.0.1", 0), running=True)
    assert finding.level is Level.ERROR
