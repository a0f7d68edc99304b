"""The section on what one client, one address and one account may cost."""

from collections.abc import Iterator
from dataclasses import dataclass

from server.config.declare import key
from server.config.sections import Problem
from server.units import Duration, Rate, Size


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost. The defaults are meant for people, not for machines in a hurry."""

    max_stanza_size: Size = key(
        Size(256 << 10),
        """The largest stanza of a user who has logged in.""",
        least=10_000,
        most=64 << 20,
    )
    max_stanza_size_unauthenticated: Size = key(
        Size(10 << 10),
        """The largest element before login.""",
        least=4096,
        most=1 << 20,
    )
    max_depth: int = key(128, "How deep elements may nest in a stanza.", least=8, most=250)
    max_attributes: int = key(64, "How many attributes an element may have.", least=8, most=1000)
    unauthenticated_timeout: Duration = key(
        Duration(30), "How long a client may take from connecting to login.", least=1, most=3600
    )
    connections_per_address: int = key(
        20_000,
        """Open client connections from one IP address (IPv6: from one /64). 0 means no limit. A
        large organisation may be behind one address; what strangers can do to the server is
        bounded by the rates below.""",
        least=0,
    )
    connection_rate: int = key(
        500,
        """New connections a second from one address, on average; further ones wait for their turn,
        and are refused when that would take half of unauthenticated_timeout. 0 means no limit.
        This machine's own addresses are exempt, as a proxy may have them.""",
        least=0,
    )
    connection_burst: int = key(
        5000,
        "New connections from one address at once before its rate is held against it.",
        least=1,
    )
    handshake_rate: int = key(
        500, "The same for TLS handshakes, which cost most of all before login.", least=0
    )
    handshake_burst: int = key(5000, "TLS handshakes of one address at once.", least=1)
    rate: Rate = key(
        Rate(64 << 10),
        """Bytes a second that one connection may send on average; beyond it the server reads more
        slowly. "0" means no limit.""",
    )
    burst: Size = key(
        Size(1 << 20),
        """Bytes that one connection may send at once before its rate is held against it.""",
        least=16 << 10,
    )
    output_buffer: Size = key(
        Size(4 << 20),
        """Bytes waiting for one client that does not read; beyond it the connection is closed, and
        a session that can be resumed waits for its owner.""",
        least=64 << 10,
    )
    idle_timeout: Duration = key(
        Duration(600),
        """After so long a silence the server asks whether the client is still there, and closes the
        connection when no answer comes.""",
        least=10,
        forever=True,
    )
    max_resources_per_account: int = key(
        20, "Devices of one account that may be online at once.", least=1
    )
    max_roster_items: int = key(2000, "Contacts of one account.", least=1)
    pending_per_account: int = key(
        10_000, "Messages that wait for an account with no device online.", least=1
    )
    pending_bytes_per_account: Size = key(
        Size(256 << 20),
        """And how large they may be together; further ones are refused.""",
        least=64 << 10,
    )
    pending_for: Duration = key(
        Duration(30 * 86400),
        """How long a message waits for a device to fetch it, before its sender is told.""",
        least=3600,
        forever=True,
    )

    def problems(self) -> Iterator[Problem]:
        """The limit before login is the tighter one; every stanza may wait."""
        if self.max_stanza_size_unauthenticated > self.max_stanza_size:
            yield (
                "max_stanza_size_unauthenticated",
                f"expected at most max_stanza_size ({self.max_stanza_size})",
            )
        if self.pending_bytes_per_account < self.max_stanza_size:
            yield (
                "pending_bytes_per_account",
                f"expected at least max_stanza_size ({self.max_stanza_size})",
            )
