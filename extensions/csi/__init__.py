"""Spares clients that nobody looks at what can wait (XEP-0352)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.csi.rules import key_of
from server.extension import XEP, Extension, Inline, Nonza, Spec, StreamFeature, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.element import Element
    from server.session import Session

NS: Final = "urn:xmpp:csi:0"

#: How many stanzas, and how many bytes, wait for one client; beyond it all of them go out.
HELD_LIMIT: Final = 500
HELD_BYTES: Final = 256 << 10


class Held:
    """What waits for one inactive client: of each presence and typing state the newest."""

    __slots__ = ("_bytes", "_newest", "_session", "_stream")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream = session.stream
        self._newest: dict[bytes, bytes] = {}
        self._bytes = 0

    def __call__(self, wire: bytes, mid: int) -> bool:
        """Take a stanza that can wait; let others pass, after everything that waited.

        So what an important stanza refers to is there before it, and no order is broken between
        stanzas of one sender (RFC 6120 §10.1).
        """
        if self.is_outlived:
            self.release()
            return False
        key = None if mid else key_of(wire)
        if key is None:
            self.flush()
            return False
        self._bytes += len(wire) - len(self._newest.pop(key, b""))
        self._newest[key] = wire
        if len(self._newest) > HELD_LIMIT or self._bytes > HELD_BYTES:
            self.flush()
        return True

    @property
    def is_outlived(self) -> bool:
        """Whether the client came back on another stream.

        "stream resumption does not affect the current CSI state, which always defaults to 'active'
        for new and resumed streams" (§5.2).
        """
        stream = self._session.stream
        return stream is not None and stream is not self._stream

    def release(self) -> None:
        """Send what waited and hold nothing back any more."""
        self._session.filter = None
        self._session.active = True
        self.flush()

    def flush(self) -> None:
        """Send what waited, in the order in which it came last."""
        waiting, self._newest, self._bytes = self._newest, {}, 0
        for wire in waiting.values():
            self._session.put(wire)


class ClientState(Extension):
    """Clients say when they are looked at, and when not (XEP-0352 §4)."""

    name = "csi"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(352, "Client State Indication", "1.0.0"),)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield StreamFeature(b"<csi xmlns='urn:xmpp:csi:0'/>")
        yield Nonza(f"{{{NS}}}inactive", self.rest)
        yield Nonza(f"{{{NS}}}active", self.wake)
        # "the session must begin in that state" (XEP-0386 §3.2); active is what it is anyway.
        yield Inline(NS, f"{{{NS}}}inactive", self.rest)

    def rest(self, session: Session, element: Element) -> None:
        """Hold back what can wait (§4.2)."""
        held = session.filter
        if isinstance(held, Held):
            if not held.is_outlived:
                return
            held.release()
        session.active = False
        session.filter = Held(session)

    def wake(self, session: Session, element: Element) -> None:
        """Send what waited, before anything else is done for this client (§5.1)."""
        if isinstance(session.filter, Held):
            session.filter.release()
