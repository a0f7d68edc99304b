"""What an extension is, and everything it can hook: the one file to learn that.

An extension declares what it implements (`specs`), what it advertises (`features`), what it needs
(`requires`) and, in `wires()`, every place where it takes part. Wires are data: the host builds its
tables from them once at start (`server/dispatch.py`), and nothing is hooked at any other time.

Four kinds of wires:

1. `IQ`: exactly one owner for each (address, type, payload tag).
2. `Outbound` and `Inbound` taps see passing stanzas in named phases, synchronously.
3. `On`: moments such as a session being bound, off the hot path.
4. Contributions: plain data that another room renders (features, identities, forms).
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.errors import StanzaError
    from server.host import Host
    from server.jid import JID
    from server.service import Service
    from server.session import Session
    from server.stanza import Stanza


@dataclass(frozen=True, slots=True)
class Spec:
    """A specification and how much of it is done, for the generated support table."""

    name: str  # "XEP-0199", "RFC 6121"
    title: str
    version: str = ""
    status: str = "complete"  # or "partial"
    note: str = ""


def XEP(number: int, title: str, version: str, status: str = "complete", note: str = "") -> Spec:
    """A XMPP extension protocol as a `Spec`."""
    return Spec(f"XEP-{number:04}", title, version, status, note)


class At(enum.Flag):
    """Whom a request is addressed to."""

    HOST = enum.auto()  # the domain itself
    OWN = enum.auto()  # the sender's own account: no `to`, or the own bare JID
    ACCOUNT = enum.auto()  # somebody else's account (bare JID); the handler decides who may
    #: An account that does not exist: who refuses strangers at ACCOUNT refuses them here likewise,
    #: so that the answer does not tell whether an account exists.
    NOBODY = enum.auto()


class Phase(enum.IntEnum):
    """When a tap runs. Within a phase: by name of the extension."""

    GUARD = 0  # refuse; a crash here rejects the stanza (fails closed)
    REWRITE = 1  # change: strip, stamp
    RECORD = 2  # store
    COPY = 3  # copies for others: carbons, push


class Verdict(enum.Enum):
    """How a tap ends the way of a stanza without an error to the sender."""

    DROP = enum.auto()
    #: Cannot be said yet; for messages of a local sender alone, see `Host.wait`.
    WAIT = enum.auto()


class Request:
    """An iq of type get or set on its way to the one handler that owns it.

    `session` is the local session that asked, or None when the request came from elsewhere;
    `account` is the account asked, or None when the host was.
    """

    __slots__ = ("account", "host", "payload", "session", "stanza")

    def __init__(
        self, host: Host, stanza: Stanza, payload: Element,
        session: Session | None, account: Account | None,
    ) -> None:  # fmt: skip
        self.host = host
        self.stanza = stanza
        self.payload = payload
        self.session = session
        self.account = account

    @property
    def from_(self) -> JID:
        """Who asks: a full JID."""
        return self.stanza.from_

    @property
    def is_own(self) -> bool:
        """Whether the account's owner asks."""
        return self.account is not None and self.account.jid == self.stanza.from_.bare

    def send(self, wire: bytes) -> None:
        """Send a serialised stanza to the one who asks, before the result."""
        if self.session is not None:
            self.session.send(wire)
        else:
            self.host.send(self.stanza.from_, wire)


class Guard(Protocol):
    """What the owner of one account wants kept away: sees every stanza from and to it.

    Hung up by `account.guard(name, guard)`, it runs before all taps; a crash rejects the stanza.
    Accounts without one pay nothing.
    """

    def outbound(self, session: Session, stanza: Stanza) -> Verdict | StanzaError | None:
        """Look at what a client of the account sends; presence for all has no `to`."""

    def inbound(self, account: Account, stanza: Stanza) -> Verdict | StanzaError | None:
        """Look at what comes for the account or one of its clients."""


#: What a handler gives back: a payload for the result (element or serialised), or None.
Handler = Callable[[Request], "Awaitable[Element | bytes | None] | Element | bytes | None"]
OutboundTap = Callable[["Session", "Stanza"], "Verdict | StanzaError | None"]
InboundTap = Callable[["Account", "Stanza"], "Verdict | StanzaError | None"]


@dataclass(frozen=True, slots=True)
class IQ:
    """Owns requests of one type with one payload. Raise `StanzaError` to refuse."""

    type: str  # "get" or "set"
    tag: str  # "{namespace}name"
    handler: Handler
    at: At


@dataclass(frozen=True, slots=True)
class Outbound:
    """Sees stanzas of a local sender, before they are routed (as the sender's server)."""

    phase: Phase
    tap: OutboundTap
    kind: str = "message"
    payload: str | None = None  # only stanzas with a child of that tag


@dataclass(frozen=True, slots=True)
class Inbound:
    """Sees stanzas for a local account, before they are delivered (as the recipient's server)."""

    phase: Phase
    tap: InboundTap
    kind: str = "message"
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Nonza:
    """A top-level element after binding that is no stanza (client state, say)."""

    tag: str
    handler: Callable[[Session, Element], None]


@dataclass(frozen=True, slots=True)
class Early:
    """Owns an iq payload before authentication; writes its answer to the stream itself."""

    tag: str
    handler: Callable[[ClientStream, Element], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class On:
    """Be told of a moment (a class of `server/moments.py`)."""

    moment: type
    handler: Callable[..., Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Load:
    """Reads what an extension keeps of an account; the account is not used before that is done.

    `table` is where that stands, by a column `account`: who has no row there costs no reading.
    """

    read: Callable[[Account], Awaitable[None]]
    table: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Asked whether a request with that payload to see presence needs no answer of the user's.

    When it says yes the two become contacts of each other (XEP-0379 §3.5).
    """

    payload: str
    approves: Callable[[Account, Stanza], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature in the disco#info of the host or of accounts (XEP-0030 §3)."""

    var: str
    at: At = At.HOST


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity in disco#info."""

    category: str
    type: str
    name: str = ""
    at: At = At.HOST


@dataclass(frozen=True, slots=True)
class StreamFeature:
    """An element advertised in the stream features, serialised."""

    element: bytes
    before: bool = False  # to clients that have not authenticated, else to those that have


@dataclass(frozen=True, slots=True)
class Inline:
    """A feature that a client may switch on while a resource is bound (XEP-0386 §3.1).

    `handler` gets each child of that tag in the request, and may give what `<bound/>` answers.
    """

    var: str
    tag: str
    handler: Callable[[Session, Element], bytes | None]


@dataclass(frozen=True, slots=True)
class Bound:
    """Tells a client something of its account with each `<bound/>` (XEP-0386 §3.2)."""

    build: Callable[[Account], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class InfoForm:
    """A data form in disco#info (XEP-0128); built once for each host."""

    build: Callable[[], Element]
    at: At = At.HOST


#: A `Service` is a wire too: an address of its own below the host's domain.
Wire: TypeAlias = (
    "IQ | Outbound | Inbound | Nonza | Early | On | Feature | Identity | StreamFeature | InfoForm"
    " | Inline | Bound | Load | Approval | Service"
)


class Extension:
    """A capability of one virtual host. Subclasses override the declarations they need."""

    name: ClassVar[str]
    specs: ClassVar[tuple[Spec, ...]] = ()
    requires: ClassVar[tuple[str, ...]] = ()

    def __init__(self, host: Host) -> None:
        self.host = host

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension, in one place."""
        return ()

    async def start(self) -> None:
        """Load what is needed before the first session; the tables are built already."""

    async def stop(self) -> None:
        """Let go; in reverse order of start."""
