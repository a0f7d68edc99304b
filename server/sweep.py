"""What is looked at from time to time for all sessions at once, so that none needs a timer.

Every second: sessions with stanzas the client has not acknowledged are asked to (XEP-0198 §4);
those that did not answer for long have lost their connection; those that wait for resumption
longer than allowed end; those with too many unacknowledged stanzas end too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from server.server import Server
    from server.session import Session

INTERVAL: Final = 1.0
#: A client that has not answered `<r/>` for that long is gone.
SILENCE: Final = 60.0


class Sweep:
    """Periodic care for sessions."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.max_unacked = server.config.stream_management.max_unacked
        self._resume_timeout = float(server.config.stream_management.resume_timeout)
        self.unconfirmed: set[Session] = set()
        self.overflowed: set[Session] = set()
        self.hibernating: dict[Session, float] = {}

    async def run(self) -> None:
        """Sweep until cancelled."""
        clock = self._server.clock
        while True:
            await clock.sleep(INTERVAL)
            self.once(clock.now())

    def once(self, now: float) -> None:
        """One round."""
        self._end_overflowed()
        self._ask(now)
        expired = [s for s, since in self.hibernating.items() if now - since > self._resume_timeout]
        for session in expired:
            self._server.sessions.end(session)

    def _end_overflowed(self) -> None:
        for session in list(self.overflowed):
            self._server.sessions.overflow(session)
        self.overflowed.clear()

    def _ask(self, now: float) -> None:
        settled = []
        for session in self.unconfirmed:
            outbox, stream = session.outbox, session.stream
            if outbox is None or stream is None or not outbox.queue:
                settled.append(session)
            elif not outbox.requested:
                stream.write(outbox.request(now))
            elif now - outbox.requested > SILENCE:
                settled.append(session)
                self._server.sessions.lost(session)
        self.unconfirmed.difference_update(settled)
