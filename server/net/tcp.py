"""A TCP connection as the streams see it: bytes in, bytes out, TLS when asked for.

What is written during one turn of the event loop leaves in one piece at its end. A peer that reads
slowly fills a bounded buffer and then loses its connection; one that sends too fast is read more
slowly.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, cast

from server.net.anteroom import Anteroom
from server.net.farewell import PATIENCE, Farewell
from server.net.peers import peer_of
from server.net.tls import TLSLayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from OpenSSL import SSL

    from server.net.flusher import Flusher
    from server.net.turnstile import Turnstile


LINGER: Final = 30.0
"""Seconds that a peer has to read what was written before the connection was closed."""


class Receiver(Protocol):
    """Who takes what a connection brings."""

    def receive(self, data: bytes) -> None:
        """Take bytes, after decryption."""

    def connection_lost(self, reason: str) -> None:
        """The connection is gone."""


class Bucket:
    """How many bytes may still come before reading must pause: a token bucket."""

    __slots__ = ("burst", "rate", "tokens", "updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.tokens = burst
        self.updated = now

    def take(self, count: int, now: float) -> float:
        """Take tokens; how many seconds to pause until the debt is paid."""
        tokens = min(self.burst, self.tokens + (now - self.updated) * self.rate) - count
        self.tokens = tokens
        self.updated = now
        return -tokens / self.rate if tokens < 0 else 0.0


class Connection(asyncio.Protocol):
    """One accepted TCP connection."""

    __slots__ = (
        "_closing",
        "_flusher",
        "_limit",
        "_make_receiver",
        "_out",
        "_paused",
        "_transport",
        "_turnstile",
        "bucket",
        "congested",
        "peer",
        "receiver",
        "tls",
    )

    def __init__(
        self, flusher: Flusher, receiver: Callable[[Connection], Receiver], output_limit: int,
        tls: SSL.Context | None = None, bucket: Bucket | None = None,
        turnstile: Turnstile | None = None,
    ) -> None:  # fmt: skip
        self._flusher = flusher
        self._limit = output_limit
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._closing = False
        self._paused = 0
        self.bucket = bucket
        self.congested = False
        self._turnstile = turnstile
        self.peer = ""
        self.tls = TLSLayer(tls) if tls is not None else None
        self._make_receiver = receiver
        self.receiver: Receiver | None = None

    # -- asyncio's side --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self.begin(cast("asyncio.Transport", transport))

    def begin(self, transport: asyncio.Transport, peer: str = "") -> None:
        """Take over a transport; `peer` is the client's address if a proxy has told it."""
        self._transport = transport
        self.peer = peer or peer_of(transport)
        if self._turnstile is not None:
            wait = self._turnstile.admit(self.peer, is_tls=self.tls is not None)
            if wait is None:
                self._turnstile = None
                self.abort()
                return
            if wait:
                # A pause would not do: uvloop begins to read after this call, whatever it said.
                self._flusher.later(wait, Anteroom(transport, self).leave)
        self.receiver = self._make_receiver(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        receiver = self.receiver
        if receiver is None or self._closing:
            return
        if self.bucket is not None:
            pause = self.bucket.take(len(data), self._flusher.now())
            if pause:
                self._hold(pause)
        tls = self.tls
        if tls is None:
            receiver.receive(data)
            return
        plain = tls.receive(data)
        output = tls.pending_output()
        if output and self._transport is not None:
            self._transport.write(output)
        if plain:
            receiver.receive(plain)
        if tls.closed:
            self.abort() if tls.error else self.close()

    def eof_received(self) -> bool:
        """The peer writes no more: so we close too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport = None
        self._closing = True
        self._out.clear()
        if self._turnstile is not None:
            self._turnstile.release(self.peer)
        tls = self.tls
        reason = tls.error if tls is not None and tls.error else (str(exc) if exc else "closed")
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.connection_lost(reason)

    def pause_writing(self) -> None:
        """The peer does not read: take nothing more from it until it does."""
        self.congested = True
        self.pause()

    def resume_writing(self) -> None:
        """The peer has read."""
        self.congested = False
        self.resume()

    # -- the receiver's side --

    @property
    def is_secure(self) -> bool:
        """Whether TLS is established."""
        return self.tls is not None and self.tls.handshake_done

    @property
    def is_open(self) -> bool:
        """Whether something written now can still arrive."""
        return not self._closing

    def write(self, data: bytes) -> None:
        """Queue bytes; they leave at the end of this turn of the loop."""
        if not self._out:
            self._flusher.add(self)
        self._out.append(data)

    def flush(self) -> None:
        """Write what is queued."""
        out, transport = self._out, self._transport
        if not out or transport is None:
            out.clear()
            return
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        tls = self.tls
        if tls is not None:
            if not tls.handshake_done:
                return
            data = tls.send(data)
        # What is written at once may be much, to a client that resumes. Only who is known to read
        # slowly can be too slow.
        was_congested = self.congested
        transport.write(data)
        if was_congested and transport.get_write_buffer_size() > self._limit:
            self.abort()

    def start_tls(self, context: SSL.Context) -> None:
        """What follows is TLS; what was written so far leaves in plain text."""
        self.flush()
        self.tls = TLSLayer(context)
        if self._turnstile is not None:
            wait = self._turnstile.handshake(self.peer)
            if wait is None:
                self.abort()
            elif wait:
                self._hold(wait)

    def pause(self) -> None:
        """Stop reading; to be undone as often as it was done."""
        self._paused += 1
        if self._paused == 1 and self._transport is not None and not self._closing:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again, if nobody else wants a pause."""
        self._paused -= 1
        if self._paused == 0 and self._transport is not None and not self._closing:
            self._transport.resume_reading()

    def _hold(self, seconds: float) -> None:
        """Read nothing for a while."""
        self.pause()
        self._flusher.later(seconds, self.resume)

    def close(self, *, hears_out: bool = False) -> None:
        """Write what is queued, then close; the peer may be heard out, so that it can read it."""
        if self._closing:
            return
        self.flush()
        self._closing = True
        transport = self._transport
        if transport is not None:
            if self.tls is not None:
                transport.write(self.tls.shutdown())
            if hears_out and transport.can_write_eof() and not transport.is_closing():
                self._flusher.later(PATIENCE, Farewell(transport, self).end)
            else:
                transport.close()
            if transport.get_write_buffer_size():
                # Who does not read must not keep the connection for ever.
                self._flusher.later(LINGER, self.abort)

    def abort(self) -> None:
        """Close at once; what was not written is lost."""
        self._closing = True
        self._out.clear()
        if self._transport is not None:
            self._transport.abort()
