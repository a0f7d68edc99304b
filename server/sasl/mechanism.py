"""What a SASL mechanism is: bytes in, one step out, no I/O and no chance (RFC 4422 §3).

The look-up of an account is asynchronous and stands outside, so an exchange goes

    receive(initial response) → NeedCredentials(username)
    supply(credentials or None) → Challenge(data)          SCRAM
    receive(response) → Success or Failure

and an attempt that has ended is never used again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from server.sasl.keys import DEFAULT_ITERATIONS, Credentials

if TYPE_CHECKING:
    from server.errors import SASLCondition
    from server.sasl.bearer import Trust
    from server.sasl.binding import Bindings


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send these bytes and wait for a response."""

    data: bytes


@dataclass(frozen=True, slots=True)
class NeedCredentials:
    """Look up this account (its local part) and call `supply` with what it has, or None.

    `is_granted` when a trusted issuer vouches for the user, whether there is an account or not.
    """

    username: str
    is_granted: bool = False


@dataclass(frozen=True, slots=True)
class Success:
    """The peer is this account; `data` goes with the success (None: nothing to send).

    `is_granted` when it showed no password, but what an issuer of ours says of it.
    """

    username: str
    authzid: str = ""
    data: bytes | None = None
    is_granted: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """The attempt is over; `text` may be read by the peer."""

    condition: SASLCondition
    text: str = ""


Step = Challenge | NeedCredentials | Success | Failure


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one attempt knows of its connection and its server.

    `nonce` is this server's part of the SCRAM nonce: fresh for each attempt, printable ASCII
    without commas. `secret` is long-lived and the same on all nodes of a server. `mechanisms`
    and `binding_types` are what was advertised to this peer in the SASL profile it uses; with no
    mechanisms here, or `tls_version` 0, the protections against downgrade are left out.
    """

    domain: str
    nonce: str
    secret: bytes
    mechanisms: tuple[str, ...] = ()
    binding_types: tuple[str, ...] = ()
    bindings: Bindings = field(default_factory=dict)
    tls_version: int = 0
    iterations: int = DEFAULT_ITERATIONS
    trust: Trust | None = None  # how bearer tokens are checked, if they are taken


class OutOfTurn(RuntimeError):
    """Our own caller has called something that it was not asked to call."""


class Mechanism(Protocol):
    """One attempt to authenticate with one mechanism."""

    @property
    def name(self) -> str:
        """As registered with IANA, such as `SCRAM-SHA-256-PLUS`."""

    @property
    def is_costly(self) -> bool:
        """Whether `supply` computes for milliseconds and belongs on a thread."""

    def receive(self, data: bytes) -> Step:
        """Take the initial response or a later one."""

    def supply(self, credentials: Credentials | None) -> Step:
        """Take what the account of `NeedCredentials` has; None if there is no such account."""
