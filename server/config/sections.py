"""Every section of the core's configuration: keys, defaults, explanations.

Rooms outside the core declare theirs in the same way and hand them in when the file is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from server.config.address import Address
from server.config.declare import key
from server.jid import JID
from server.units import Duration

Mechanism = Literal[
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",
    "PLAIN",
]
MECHANISMS: tuple[Mechanism, ...] = (
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",
    "PLAIN",
)
Problem = tuple[str, str]
"""A key, and what is wrong with its value beside the values of other keys."""


@dataclass(frozen=True, slots=True)
class Server:
    """Who this server is and where it keeps its things."""

    domains: tuple[JID, ...] = key(
        (JID.of("localhost"),),
        """The domains served here. Each has its own users; a user is name@domain.""",
        example='["example.org"]',
    )
    data: Path = key(
        Path("~/.local/share/skerry"),
        """The folder for everything this server stores: database, certificates, files. A relative
        path starts at the folder of this file. The environment variable SKERRY_DATA changes the
        default; any other relative path in this file starts at the data folder.""",
        example='"/var/lib/skerry"',
    )
    admins: tuple[JID, ...] = key(
        (),
        """Accounts that may use the commands for administrators, from any client (XEP-0050). Nobody
        gets one of these names by registering: `skerry user add` makes the account.""",
        example='["anna@example.org"]',
    )
    disabled: tuple[str, ...] = key((), "Extensions to switch off, by name.", example='["carbons"]')
    drain_timeout: Duration = key(
        Duration(1),
        """When the server is told to end: how long clients may take to say what they have got, so
        that they do not get it again.""",
        most=3600,
    )

    def problems(self) -> Iterator[Problem]:
        """At least one domain, and no user among them; administrators are users."""
        if not self.domains:
            yield "domains", "expected at least one domain"
        for domain in self.domains:
            if not domain.is_domain:
                yield "domains", f"expected a domain such as example.org, got {str(domain)!r}"
        for admin in self.admins:
            if not admin.local or not admin.is_bare:
                yield "admins", f"expected an account such as anna@example.org, got {str(admin)!r}"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where clients connect. `[::]` means every address, IPv4 and IPv6."""

    c2s: tuple[Address, ...] = key(
        (Address("::", 5222),),
        """For clients that begin in plain text and change to TLS (STARTTLS).""",
        example='["192.0.2.1:5222", "[2001:db8::1]:5222"]',
    )
    c2s_tls: tuple[Address, ...] = key(
        (Address("::", 5223),), "For clients that speak TLS from the first byte (XEP-0368)."
    )
    proxy_protocol: bool = key(
        False,
        """Expect every connection to begin with a PROXY protocol header that tells the client's
        address. Only for ports that nobody but a reverse proxy can reach.""",
    )


@dataclass(frozen=True, slots=True)
class TLS:
    """Encryption and certificates."""

    certificates: Path = key(
        Path("certs"),
        """Folder with DOMAIN.crt (the chain, PEM) and DOMAIN.key for each domain. A self-signed
        pair is made at the first start for a domain that has none.""",
        example='"/etc/skerry/certs"',
    )
    require: bool = key(
        True,
        """Nobody logs in without TLS. False is for tests, and behind a proxy that does the TLS.""",
    )
    min_version: Literal["1.2", "1.3"] = key("1.2", "The oldest version of TLS to speak.")
    light: bool = key(
        True,
        """After the handshake of TLS 1.3, protect the records with code of our own that needs a
        twentieth of OpenSSL's memory. False leaves everything to OpenSSL.""",
    )


@dataclass(frozen=True, slots=True)
class Auth:
    """How users prove who they are."""

    scram_iterations: int = key(
        10_000,
        """Rounds of hashing for newly stored passwords; each login costs the client as many.""",
        least=4096,
        most=1_000_000,
    )
    mechanisms: tuple[Mechanism, ...] = key(
        MECHANISMS, "What to offer, the best first; -PLUS only inside TLS."
    )
    allow_plain: bool = key(
        True,
        """Offer PLAIN, which shows the password to the server; only ever inside TLS, unless
        tls.require is false. Some clients know nothing better.""",
    )
    failures: int = key(
        10,
        """Failed logins to one account from one address (IPv6: from one /64) before it has to wait
        for failures_window. It waits half as long for one failure less, a quarter for two less, and
        so on; four are free. Ten times as many failures with any accounts make the address
        wait, but for accounts that have logged in from there.""",
        least=1,
    )
    failures_window: Duration = key(
        Duration(300),
        "The longest time to wait after failed logins, and how long these are remembered then.",
        least=1,
        most=86400,
    )

    def problems(self) -> Iterator[Problem]:
        """Somebody must be able to log in."""
        if not self.offered:
            yield "mechanisms", "expected at least one mechanism that may be offered"

    @property
    def offered(self) -> tuple[Mechanism, ...]:
        """The mechanisms to offer, PLAIN only when allowed."""
        return tuple(name for name in self.mechanisms if name != "PLAIN" or self.allow_plain)


@dataclass(frozen=True, slots=True)
class Registration:
    """Accounts made and changed by their users (XEP-0077)."""

    enabled: bool = key(
        False,
        """Anybody may make an account. Spammers will find an open server: prefer invitations
        (`skerry invite create`, and the section for them), which work while this is false.""",
    )
    password_change: bool = key(True, "Users may change their own password.")
    pause: Duration = key(
        Duration(600), "Time that must pass between two new accounts from one address.", most=86400
    )


@dataclass(frozen=True, slots=True)
class StreamManagement:
    """Sessions that outlive their connection (XEP-0198)."""

    resume_timeout: Duration = key(
        Duration(600),
        """How long a session waits for its owner to resume it. "0" allows no resumption.""",
        most=86400,
    )
    max_unacked: int = key(
        2000,
        """Stanzas sent but not acknowledged by the client; beyond it the connection is closed.""",
        least=50,
    )


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive of each user's messages (XEP-0313)."""

    default: Literal["always", "roster", "never"] = key(
        "always",
        """What is archived for a user who has not chosen: everything, only what contacts send, or
        nothing.""",
    )
    retention: Duration = key(
        Duration.parse("forever"),
        "How long to keep messages.",
        least=86400,
        forever=True,
        example='"365d"',
    )
    max_page: int = key(250, "The most messages in one answer.", least=10, most=5000)


@dataclass(frozen=True, slots=True)
class Storage:
    """Where accounts and messages are kept."""

    backend: Literal["sqlite", "postgresql"] = key(
        "sqlite",
        """SQLite is a file and needs nothing else. PostgreSQL is a server of its own and needs the
        extra `postgresql`: pip install 'skerry[postgresql]'.""",
    )
    path: Path = key(Path("skerry.sqlite"), "The SQLite file.")
    url: str = key(
        "",
        """The PostgreSQL database. A password may also stand in PGPASSWORD or in ~/.pgpass.""",
        secret=True,
        example='"postgresql://skerry@localhost/skerry"',
    )
    commit_interval: Duration = key(
        Duration(0.003),
        """How long to collect writes before they go to disk together. A longer time costs latency
        and saves work; an acknowledgement always waits for the disk.""",
        most=1,
    )

    def problems(self) -> Iterator[Problem]:
        """A server of its own has an address."""
        given = self.url or self.backend == "postgresql"
        if given and not self.url.startswith(("postgresql://", "postgres://")):
            yield "url", "expected an address such as postgresql://skerry@localhost/skerry"


@dataclass(frozen=True, slots=True)
class Log:
    """The log goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = key(
        "info", "The least important thing to log. Messages and passwords never are."
    )
    format: Literal["auto", "console", "json"] = key(
        "auto", "Auto is coloured lines on a terminal and one JSON object a line elsewhere."
    )


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures for Prometheus."""

    listen: tuple[Address, ...] = key(
        (), "Where /metrics is served; nowhere by default.", example='["127.0.0.1:9090"]'
    )


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to about this server, as URIs; anybody can ask for them (XEP-0157)."""

    abuse: tuple[str, ...] = key((), "Complaints.", example='["mailto:abuse@example.org"]')
    admin: tuple[str, ...] = key(
        (), "Those who run it.", example='["xmpp:anna@example.org", "mailto:admin@example.org"]'
    )
    feedback: tuple[str, ...] = key((), "Praise and wishes.")
    sales: tuple[str, ...] = key((), "Business.")
    security: tuple[str, ...] = key((), "Reports of vulnerabilities.")
    status: tuple[str, ...] = key(
        (), "Where outages are announced.", example='["https://status.example.org/"]'
    )
    support: tuple[str, ...] = key((), "Help.", example='["https://example.org/help"]')

    def problems(self) -> Iterator[Problem]:
        """Every address is a URI, or clients cannot follow it."""
        for name in ("abuse", "admin", "feedback", "sales", "security", "status", "support"):
            for uri in getattr(self, name):
                scheme, colon, rest = uri.partition(":")
                if not (scheme.isascii() and scheme.isalnum() and colon and rest):
                    yield name, f"expected a URI such as mailto:abuse@example.org, got {uri!r}"


@dataclass(frozen=True, slots=True)
class Version:
    """What the server tells about itself (XEP-0092)."""

    hide_os: bool = key(True, "Keep the operating system to ourselves.")
