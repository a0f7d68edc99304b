"""The composition root: everything is made here, started, and ended in the reverse order.

The only file beside `server/rooms.py` that knows extensions and federation.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import uvloop

from server import __version__, log
from server.c2s.stream import ClientStream
from server.clock import Clock
from server.control import Control, Verb
from server.data_folder import DataFolder
from server.entropy import Entropy
from server.net.certificates import CertificateStore, ensure_certificate
from server.net.exposition import Exposition
from server.net.flusher import Flusher
from server.net.listener import Listener
from server.net.proxied import ProxyGate
from server.net.tcp import Bucket, Connection
from server.net.turnstile import Turnstile
from server.orders import Orders
from server.rooms import extensions, orders
from server.server import Server
from server.storage.opening import open_database

if TYPE_CHECKING:
    from server.config import Config
    from server.config.address import Address

_log = log.get(__name__)

#: Services that may get a name below a domain; a self-signed certificate covers them.
_SERVICES: Final = ("conference", "pubsub", "upload", "proxy")

#: Objects made before the garbage collector looks at the youngest; the hot path makes no cycles.
_COLLECT_AFTER: Final = 50_000


def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    log.configure(config.log.level, config.log.format)
    with DataFolder(config.data) as folder:
        begins_anew = uvloop.run(_run(config, folder))
    if begins_anew:
        # The same process, so whoever watches over it need not know; it forgets what is buffered.
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


class Ending:
    """When the server is to end, and whether it begins anew."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.begins_anew = False

    def ask(self, begins_anew: bool = False) -> None:
        """End it now; once somebody wants nothing but its end, it does not begin anew."""
        is_first = not self.asked.is_set()
        self.begins_anew = begins_anew and (is_first or self.begins_anew)
        self.asked.set()


async def _run(config: Config, folder: DataFolder) -> bool:
    ending = Ending()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.ask)
    async with AsyncExitStack() as stack:
        clock, entropy = Clock(), Entropy()
        database = open_database(config)
        await database.start()
        stack.push_async_callback(database.close)
        certificates = _certificates(config, clock)
        loop.add_signal_handler(signal.SIGHUP, certificates.reload)
        server = Server(config, database, clock, entropy, certificates)
        server.ask_to_end = ending.ask
        await server.start(extensions(config))
        stack.push_async_callback(server.stop)
        # Before the ports: who sees them open may give orders.
        control = Control(folder.control_socket, _orders(server), server.tasks)
        await control.start()
        stack.push_async_callback(control.close)
        front = Front(server)
        await front.open()
        stack.callback(front.close)
        exposition = Exposition(server.meters, config.metrics.listen, server.tasks)
        stack.callback(exposition.close)
        await exposition.open()
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER, 20, 50)
        _greet(config)
        await ending.asked.wait()
        _log.info("server.stopping")
    _log.info("server.stopped")
    return ending.begins_anew


def _certificates(config: Config, clock: Clock) -> CertificateStore:
    now = clock.utcnow()
    paths = {
        str(domain): ensure_certificate(
            config.certificates, domain, [f"{service}.{domain}" for service in _SERVICES], now
        )
        for domain in config.server.domains
    }
    return CertificateStore(paths, light=config.tls.light, min_version=config.tls.min_version)


def _orders(server: Server) -> dict[str, Verb]:
    """What the command line may ask of the running server."""
    outside = orders(server.config, server.database, server.clock, server.entropy, server.hosts)
    return {**Orders(server).verbs(), **outside}


class Front:
    """The listening sockets of a server and what makes connections into streams."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._flusher = Flusher(asyncio.get_running_loop(), server.clock)
        self._turnstile = Turnstile(server.config.limits, server.clock, server.meters)
        listen = server.config.listen
        self.listeners = [
            *(self._listener("c2s", address, False) for address in listen.c2s),
            *(self._listener("c2s_tls", address, True) for address in listen.c2s_tls),
        ]

    def _listener(self, name: str, address: Address, direct_tls: bool) -> Listener:
        server, limits = self._server, self._server.config.limits
        rate = float(limits.rate)

        def make() -> Connection:
            bucket = Bucket(rate, float(limits.burst), server.clock.now()) if rate else None
            # Asked for each connection: certificates are replaced while the server runs.
            context = server.certificates.context_for() if direct_tls else None
            return Connection(
                self._flusher, self._receiver, int(limits.output_buffer), context, bucket,
                self._turnstile,
            )  # fmt: skip

        if not server.config.listen.proxy_protocol:
            return Listener(name, address, make)
        patience = float(limits.unauthenticated_timeout)
        return Listener(name, address, lambda: ProxyGate(make, patience))

    def _receiver(self, connection: Connection) -> ClientStream:
        return ClientStream(self._server, connection)

    async def open(self) -> None:
        """Listen everywhere, or nowhere. Raises CannotListen."""
        try:
            for listener in self.listeners:
                await listener.open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Accept no more."""
        for listener in self.listeners:
            listener.close()


def _greet(config: Config) -> None:
    """Tell a person who has started the server what to do next."""
    domain = config.server.domains[0]
    starttls = ", ".join(map(str, config.listen.c2s)) or "nowhere"
    direct = ", ".join(map(str, config.listen.c2s_tls)) or "nowhere"
    print(  # noqa: T201 - for the person at the terminal
        f"Skerry {__version__} serves {', '.join(config.server.domains)}\n"
        f"  data folder        {config.data}\n"
        f"  clients, STARTTLS  {starttls}\n"
        f"  clients, TLS       {direct}\n"
        f"Add a user:          ./run user add anna@{domain}\n"
        f"Connect a client:    address anna@{domain}, server this machine, port "
        f"{config.listen.c2s[0].port if config.listen.c2s else '-'};\n"
        f"                     it will ask whether to trust the certificate "
        f"{config.certificates / domain}.crt",
        flush=True,
    )
