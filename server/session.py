"""A bound resource: what the server knows of one device that is (or was a moment ago) connected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from server.messages.progress import Progress
from server.stream.management import MOST_BYTES, AckedTooMuchError, Outbox

if TYPE_CHECKING:
    from asyncio import Future

    from server.account import Account
    from server.errors import StreamError
    from server.host import Host
    from server.jid import JID
    from server.stanza import Stanza
    from server.storage.clients import ClientRow


NOTHING: Final[frozenset[str]] = frozenset()


class Stream(Protocol):
    """The connection a session speaks through."""

    @property
    def is_congested(self) -> bool:
        """Whether the peer does not keep up with what it is sent."""

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer."""

    def close(self, error: StreamError | None = None) -> None:
        """End the stream; its session has been told already."""


class Filter(Protocol):
    """Looks at what is about to be sent to an inactive client (XEP-0352)."""

    def __call__(self, wire: bytes, mid: int) -> bool:
        """Whether it has kept the stanza for later."""

    def flush(self) -> None:
        """Let everything go that was kept."""


class Held(list[tuple[bytes, int]]):
    """Stored messages that wait until older ones have been read, and how many bytes they are."""

    __slots__ = ("is_to_read", "size")

    def __init__(self) -> None:
        super().__init__()
        self.is_to_read = True  # there may be older ones still
        self.size = 0


class Session:
    """One bound resource of an account (RFC 6120 §7, RFC 6121 §4).

    With stream management it outlives its connection: `stream` is None while it waits for the
    client to resume, and what is sent meanwhile waits in `outbox`.
    """

    __slots__ = (
        "account",
        "active",
        "carbons",
        "client",
        "directed",
        "filter",
        "handled",
        "held",
        "host",
        "interested",
        "interests",
        "jid",
        "outbox",
        "presence",
        "priority",
        "progress",
        "resume_id",
        "sequence",
        "state",
        "stream",
        "work",
    )

    def __init__(self, account: Account, jid: JID, stream: Stream) -> None:
        self.host: Host = account.host
        self.account = account
        self.jid = jid
        self.stream: Stream | None = stream
        self.presence: Stanza | None = None  # the last one broadcast; None: unavailable
        self.priority = 0
        self.interested = False  # has asked for the roster, so gets pushes (RFC 6121 §2.1.6)
        #: Nodes whose news the client wants, as its capabilities say (XEP-0163 §4.2).
        self.interests: frozenset[str] = NOTHING
        self.directed: set[JID] = set()  # who got directed presence (RFC 6121 §4.6)
        self.carbons = False
        self.client = ""  # which client of the account's this is, if it has said so (XEP-0388)
        self.progress: Progress | None = None  # how far that client has come
        self.active = True  # client state (XEP-0352)
        self.filter: Filter | None = None  # set while the client is inactive
        #: Stored messages that wait until older ones have been read from the database.
        self.held: Held | None = None
        self.outbox: Outbox | None = None
        self.resume_id = ""
        self.handled = 0  # stanzas received since stream management was enabled
        self.sequence = 0  # journal number of the last effect of a received stanza
        self.work: Future[None] | None = None  # for the stanza that was received last, if not done
        self.state: dict[str, object] | None = None  # rare data of extensions

    @property
    def is_available(self) -> bool:
        """Whether the client has sent available presence."""
        return self.presence is not None

    def belongs_to(self, client: str, known: ClientRow | None) -> None:
        """It is this client of the account's, of which so much was known at its login."""
        self.client = client
        if self.progress is None or self.progress.client != client:
            self.progress = Progress(self.account, client, known)

    # -- towards the client --

    def send(self, wire: bytes, mid: int = 0) -> None:
        """Send a serialised stanza; `mid` says which stored message it carries.

        Negative for a page of the archive: it is settled as well when it arrives, but nobody else
        gets it when it does not.
        """
        if self.filter is not None and self.filter(wire, mid):
            return
        self.put(wire, mid)

    def put(self, wire: bytes, mid: int = 0) -> None:
        """Send past the client state filter."""
        stream, outbox = self.stream, self.outbox
        if outbox is None:
            if stream is not None:
                stream.write(wire)
                if mid:
                    # Nobody will tell us whether it arrived: writing it is the best we can know.
                    self.arrived([mid])
            return
        ask = outbox.put(wire, mid)
        if stream is not None:
            stream.write(wire)
            if ask:
                stream.write(outbox.request(self.host.server.clock.now()))
        elif outbox.size > MOST_BYTES:
            self.host.server.sweep.overflow(self)
        if not outbox.requested:
            self.host.server.sweep.unconfirmed.add(self)
        if len(outbox.queue) > self.host.server.sweep.max_unacked:
            self.host.server.sweep.overflow(self)

    def deliver(self, wire: bytes, mid: int) -> None:
        """Send a stored message, in its turn."""
        held = self.held
        if (self.presence is None or self.priority < 0) and self.progress is not None and mid:
            self.progress.came_out_of_turn(mid)
        if held is not None:
            held.append((wire, mid))
            held.size += len(wire)
            if held.size > MOST_BYTES:
                self.host.server.sweep.overflow(self)
        else:
            self.send(wire, mid)

    def probe(self, now: float) -> bytes:
        """What makes a living client answer: an acknowledgement request, else a ping (XEP-0199)."""
        if self.outbox is not None:
            return self.outbox.request(now)
        return b"<iq type='get' id='ping' from='%s' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % (
            self.host.jid.wire, self.jid.wire,
        )  # fmt: skip

    # -- from the client --

    def acknowledged(self, h: int) -> None:
        """The client has handled `h` stanzas. Raises AckedTooMuchError."""
        outbox = self.outbox
        if outbox is None:
            raise AckedTooMuchError(h, 0)
        mids = outbox.acknowledge(h)
        if mids:
            self.arrived(mids)

    def arrived(self, mids: list[int]) -> None:
        """The client has these stored messages; negative: it has fetched them from the archive."""
        self.account.acknowledged(mids)
        if self.progress is not None:
            self.progress.arrived(map(abs, mids))

    def unconfirmed(self) -> list[int]:
        """The stored messages that the client was given and has not said to have."""
        waiting = list(self.outbox.queue) if self.outbox is not None else []
        waiting += self.held or ()
        return [mid for _, mid in waiting if mid]
