"""Settings that are allowed and that somebody will regret."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

from server.config import Address, Config
from server.diagnosis.finding import Finding, error, ok, warning


def check_choices(config: Config) -> Iterator[Finding]:
    """What the settings mean together, and for whoever can reach the ports."""
    found = [*_ports(config), *_strangers(config), *_times(config)]
    yield from found or [ok("settings", "nothing to regret")]


def is_private(address: Address) -> bool:
    """Whether only this machine or its own network can reach the address."""
    try:
        host = ip_address(address.host)
    except ValueError:
        return False
    return host.is_private and not host.is_unspecified


def _ports(config: Config) -> Iterator[Finding]:
    """No port has two meanings."""
    listen = config.listen
    for address, count in Counter((*listen.c2s, *listen.c2s_tls, *config.metrics.listen)).items():
        if count > 1 and address.port:
            yield error(
                f"port {address}",
                "is named more than once",
                "give each of listen.c2s, listen.c2s_tls and metrics.listen ports of its own",
            )


def _strangers(config: Config) -> Iterator[Finding]:
    """What anybody may do."""
    listen = config.listen
    clients = [each for each in (*listen.c2s, *listen.c2s_tls) if not is_private(each)]
    if listen.proxy_protocol and clients:
        yield warning(
            "listen.proxy_protocol",
            f"whoever reaches {clients[0]} can claim any address",
            "listen on 127.0.0.1, or let a firewall admit nobody but the proxy",
        )
    if not config.tls.require and any(not is_private(each) for each in listen.c2s):
        yield warning(
            "tls.require",
            "passwords and messages may travel in plain text",
            "set tls.require = true; a proxy that does the TLS needs no public port here",
        )
    for address in config.metrics.listen:
        if not is_private(address):
            yield warning(
                "metrics.listen",
                f"whoever reaches {address} may read the figures",
                'listen on a private address, such as "127.0.0.1:9090"',
            )
    if config.registration.enabled:
        yield warning(
            "registration.enabled",
            "anybody may make an account, spammers too",
            "make accounts with `skerry user add`, and set registration.enabled = false",
        )


def _times(config: Config) -> Iterator[Finding]:
    """What is erased cannot wait."""
    retention, patience = config.archive.retention, config.limits.pending_for
    if retention < patience:
        yield warning(
            "archive.retention",
            f"messages are erased after {retention}, so none waits for {patience}",
            "make limits.pending_for as short, or archive.retention longer",
        )
