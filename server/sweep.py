"""What is looked at from time to time for all connections at once, so that none needs a timer.

Every second: clients that take too long to log in are sent away; sessions with stanzas the client
has not acknowledged are asked (XEP-0198 §4), and so are those that were silent for long; who does
not answer has lost its connection; sessions that wait for resumption too long end, and so do those
with too many unacknowledged stanzas.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from server import bugs
from server.errors import StreamCondition, StreamError
from server.stream.management import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.c2s.stream import ClientStream
    from server.server import Server
    from server.session import Session

INTERVAL: Final = 1.0
#: A client that has not answered for that long is gone.
SILENCE: Final = 60.0
#: Rounds between two savings of when accounts were last online.
DEPARTURES_EVERY: Final = 5
#: Rounds in which every connection is looked at once for silence.
ROUNDS: Final = 10


class Sweep:
    """Periodic care for connections and sessions."""

    def __init__(self, server: Server) -> None:
        config = server.config
        self._server = server
        self.max_unacked = config.stream_management.max_unacked
        self._resume_timeout = float(config.stream_management.resume_timeout)
        self._login_timeout = float(config.limits.unauthenticated_timeout)
        self._idle_timeout = float(config.limits.idle_timeout)
        self._rounds = 0
        self._walk: Iterator[ClientStream] = iter(())
        self.unconfirmed: set[Session] = set()
        self.overflowed: set[Session] = set()
        self.hibernating: dict[Session, float] = {}

    async def run(self) -> None:
        """Sweep until cancelled."""
        clock = self._server.clock
        while True:
            due = clock.now() + INTERVAL
            await clock.sleep(INTERVAL)
            self._server.figures.lag.observe(max(0.0, clock.now() - due))
            try:
                self.once(clock.now())
            except Exception as bug:  # noqa: BLE001 - without the sweep nothing would ever end
                bugs.record("sweep.crashed", bug)

    def once(self, now: float) -> None:
        """One round."""
        sessions = self._server.sessions
        self._end_newcomers(now)
        self._ask_unconfirmed(now)
        self._end_overflowed()
        self._ask_silent(now)
        expired = [s for s, since in self.hibernating.items() if now - since > self._resume_timeout]
        for session in expired:
            del self.hibernating[session]
            sessions.end(session)
        self._rounds += 1
        if self._rounds % DEPARTURES_EVERY == 0:
            sessions.save_departures()

    def overflow(self, session: Session) -> None:
        """Too much waits for this session: it ends once nobody is in the middle of anything."""
        if not self.overflowed and not self._server.is_stopping:
            self._server.tasks.spawn(self._soon(), "overflow")
        self.overflowed.add(session)

    async def _soon(self) -> None:
        self._end_overflowed()

    def _end_overflowed(self) -> None:
        while self.overflowed:
            self._server.sessions.overflow(self.overflowed.pop())

    def _end_newcomers(self, now: float) -> None:
        """Send away who takes too long to log in (XEP-0205 §3.1); the oldest come first."""
        late = []
        for stream, since in self._server.newcomers.items():
            if now - since <= self._login_timeout:
                break
            late.append(stream)
        for stream in late:
            self._server.newcomers.pop(stream, None)
            stream.close(
                StreamError(StreamCondition.CONNECTION_TIMEOUT, "you took too long to log in")
            )

    def _ask_unconfirmed(self, now: float) -> None:
        settled = []
        for session in self.unconfirmed:
            outbox, stream = session.outbox, session.stream
            if outbox is None or stream is None or not outbox.queue:
                settled.append(session)
            elif outbox.size > MOST_BYTES:
                self.overflowed.add(session)
            elif not outbox.requested:
                stream.write(outbox.request(now))
            elif now - outbox.requested > SILENCE:
                settled.append(session)
        self.unconfirmed.difference_update(settled)
        for session in settled:
            if session.outbox is not None and session.outbox.requested and session.stream:
                self._server.sessions.lost(session)

    def _ask_silent(self, now: float) -> None:
        """Ask connections that were silent for long whether they are still there."""
        streams = self._server.streams
        part = list(islice(self._walk, len(streams) // ROUNDS + 1))
        if not part:
            self._walk = iter(list(streams))
        for stream in part:
            if now - stream.last_heard <= self._idle_timeout or stream.session is None:
                continue
            if stream.asked_at <= stream.last_heard:
                stream.asked_at = now
                stream.write(stream.session.probe(now))
            elif now - stream.asked_at > SILENCE:
                self._server.sessions.lost(stream.session)
