"""Can the server listen where it should?"""

import socket
from collections.abc import Iterator

from server.config import Address, Config
from server.data_folder import holder
from server.diagnosis.finding import Finding, error, ok


def check_ports(config: Config) -> Iterator[Finding]:
    """Each port is free, or taken by this very server."""
    running = holder(config.data) is not None
    wanted = {
        "listen.c2s": config.listen.c2s,
        "listen.c2s_tls": config.listen.c2s_tls,
        "metrics.listen": config.metrics.listen,
    }
    for key, addresses in wanted.items():
        for address in addresses:
            yield check_port(key, address, running)


def check_port(key: str, address: Address, running: bool) -> Finding:
    """One address can be listened on; `running` tells that the server already does."""
    subject = f"port {address}"
    problem = _try(address)
    if problem is None:
        return ok(subject, f"free ({key})")
    if isinstance(problem, PermissionError):
        mend = "ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE"
        return error(subject, "this user may not listen there", mend)
    if running and _answers(address):
        return ok(subject, f"served by the running server ({key})")
    return error(
        subject,
        str(problem.strerror or problem),
        f"stop what uses it (`ss -ltnp`), or change {key}",
    )


def _try(address: Address) -> OSError | None:
    """What is in the way of listening there, if anything."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as problem:
        return problem
    return None


def _answers(address: Address) -> bool:
    """Whether somebody listens there."""
    host = {"::": "::1", "0.0.0.0": "127.0.0.1"}.get(address.host, address.host)  # noqa: S104
    try:
        with socket.create_connection((host, address.port), timeout=2):
            return True
    except OSError:
        return False
