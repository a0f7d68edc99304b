"""What is wrong with a server before its users find out: ports, certificates, DNS, disk, clock."""

from collections.abc import Iterator

from server.clock import Clock
from server.config import Config
from server.diagnosis.certificates import check_certificates
from server.diagnosis.choices import check_choices
from server.diagnosis.database import check_database
from server.diagnosis.finding import Finding, Level
from server.diagnosis.machine import (
    check_clock,
    check_data,
    check_files,
    check_libraries,
    check_python,
)
from server.diagnosis.names import Lookup, check_names, resolve
from server.diagnosis.ports import check_ports

__all__ = ["Finding", "Level", "diagnose"]


def diagnose(config: Config, clock: Clock, look_up: Lookup = resolve) -> Iterator[Finding]:
    """Check everything, the quick things first."""
    now = clock.utcnow()
    yield from check_python()
    yield from check_libraries()
    yield from check_clock(now)
    yield from check_files()
    yield from check_data(config)
    yield from check_database(config)
    yield from check_choices(config)
    yield from check_certificates(config, now)
    yield from check_ports(config)
    yield from check_names(config, look_up)
