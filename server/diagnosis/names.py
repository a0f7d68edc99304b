"""Do clients and other servers find this one through DNS (RFC 6120 §3.2, XEP-0368)?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.resolver

from server.config import Config
from server.diagnosis.finding import Finding, error, ok, warning

_LOCAL: Final = ("localhost", ".localhost", ".local", ".test", ".example", ".internal", ".invalid")


@dataclass(frozen=True, slots=True)
class Target:
    """A machine and a port that an SRV record points to; `.` means: not offered."""

    host: str
    port: int


Lookup = Callable[[str, str], list[str]]
"""Name and record type → records as text; nothing found is an empty list."""


def is_local(domain: str) -> bool:
    """Whether the world does not look for this domain (RFC 6761)."""
    return "." not in domain.strip(".") or domain.endswith(_LOCAL) or domain[-1].isdigit()


def check_names(config: Config, look_up: Lookup) -> Iterator[Finding]:
    """Each public domain leads to a server."""
    for domain in config.server.domains:
        if is_local(domain):
            yield ok(f"dns of {domain}", "a local name, not looked for in DNS")
            continue
        try:
            yield from _check_domain(domain.encode("idna").decode(), look_up)
        except dns.exception.DNSException as problem:
            yield warning(f"dns of {domain}", f"could not be asked: {problem}", "is DNS working?")


def _check_domain(domain: str, look_up: Lookup) -> Iterator[Finding]:
    """SRV records for clients and servers, or at least an address."""
    for service, who, port in (
        ("_xmpp-client._tcp", "clients", 5222),
        ("_xmpps-client._tcp", "clients with direct TLS", 5223),
        ("_xmpp-server._tcp", "other servers", 5269),
    ):
        name = f"{service}.{domain}"
        targets = [_target(record) for record in look_up(name, "SRV")]
        subject = f"dns of {domain}"
        record = f"{name}. SRV 0 5 {port} xmpp.{domain}."
        if targets:
            for target in targets:
                yield _check_target(subject, name, target, look_up)
        elif _has_address(domain, look_up) or service.startswith("_xmpps"):
            yield warning(subject, f"{who} find no {name}", f"add the record {record}")
        else:
            yield error(subject, f"{who} cannot find this server", f"add the record {record}")


def _check_target(subject: str, name: str, target: Target, look_up: Lookup) -> Finding:
    """The machine an SRV record names has an address."""
    if not target.host:
        return ok(subject, f"{name} says that this is not offered")
    if _has_address(target.host, look_up):
        return ok(subject, f"{name} leads to {target.host}:{target.port}")
    mend = f"add an A or AAAA record for {target.host}"
    return error(subject, f"{name} leads to {target.host}, which has no address", mend)


def _has_address(host: str, look_up: Lookup) -> bool:
    """Whether the name leads to an IP address."""
    return bool(look_up(host, "A") or look_up(host, "AAAA"))


def _target(record: str) -> Target:
    """Read `priority weight port target`."""
    _, _, port, host = record.split()
    return Target(host.rstrip("."), int(port))


def resolve(name: str, kind: str) -> list[str]:
    """Ask the system's resolver."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=5.0, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [record.to_text() for record in answer]
