"""Stream management: what was sent and not yet acknowledged (XEP-0198).

Counters are unsigned 32-bit integers that wrap (§4). The outbound side keeps every stanza, with the
identifier of the stored message it carries (0 if none), until the peer has acknowledged it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

NS: Final = "urn:xmpp:sm:3"
WRAP: Final = 1 << 32
REQUEST: Final = b"<r xmlns='urn:xmpp:sm:3'/>"

#: An acknowledgement is asked for after that many stanzas, or when the sweep finds some waiting.
REQUEST_EVERY: Final = 25

#: Bytes that may wait for one client, whatever their number; beyond it the session ends.
MOST_BYTES: Final = 16 << 20


class AckedTooMuchError(ValueError):
    """The peer acknowledged more than was sent (§4): `handled-count-too-high`."""

    def __init__(self, h: int, sent: int) -> None:
        super().__init__(f"acknowledged {h}, sent {sent}")
        self.h = h
        self.sent = sent


class Outbox:
    """Stanzas sent and not yet acknowledged, oldest first."""

    __slots__ = ("acked", "queue", "requested", "since_request", "size")

    def __init__(self) -> None:
        # A list: an empty deque takes 600 bytes, and most sessions are idle.
        self.queue: list[tuple[bytes, int]] = []
        self.acked = 0
        self.size = 0  # bytes in the queue
        self.requested = 0.0  # when the unanswered request left, 0 if there is none
        self.since_request = 0

    @property
    def sent(self) -> int:
        """How many stanzas have left, modulo 2³²."""
        return (self.acked + len(self.queue)) % WRAP

    def put(self, wire: bytes, mid: int) -> bool:
        """Remember a stanza; True when it is time to ask for an acknowledgement."""
        self.queue.append((wire, mid))
        self.size += len(wire)
        self.since_request += 1
        return self.since_request >= REQUEST_EVERY and not self.requested

    def request(self, now: float) -> bytes:
        """Ask the peer what it has handled."""
        self.requested = now
        self.since_request = 0
        return REQUEST

    def acknowledge(self, h: int) -> list[int]:
        """The peer has handled `h` stanzas; the stored messages among the newly acknowledged.

        Raises AckedTooMuchError.
        """
        count = (h - self.acked) % WRAP
        queue = self.queue
        if count > len(queue):
            raise AckedTooMuchError(h, self.sent)
        mids = []
        for wire, mid in queue[:count]:
            self.size -= len(wire)
            if mid:
                mids.append(mid)
        del queue[:count]
        self.acked = h
        self.requested = 0.0
        return mids

    def drop(self, is_unwanted: Callable[[bytes], bool]) -> list[int]:
        """Take back what the peer shall not get any more; the stored messages among it.

        To be called when the peer has just said what it has, and gets the rest anew: what it counts
        and what we count stays the same.
        """
        kept, mids = [], []
        for wire, mid in self.queue:
            if not is_unwanted(wire):
                kept.append((wire, mid))
                continue
            self.size -= len(wire)
            if mid:
                mids.append(mid)
        self.queue = kept
        return mids


def parse_h(text: str | None) -> int | None:
    """The counter in an `<a/>` or `<resume/>`; None if it is not one."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    value = int(text)
    return value if value < WRAP else None
