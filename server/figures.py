"""What the core counts and measures, declared in one place; see `server/meters.py` for how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.errors import StreamCondition

if TYPE_CHECKING:
    from server.server import Server

#: Commits of a good disk take less than the first, of a bad one more than the last.
_COMMIT: Final = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 4.0)
#: A turn of the event loop should take no longer than the first.
_LAG: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Figures:
    """The meters of the core. Rooms count with the attributes: `figures.stored.value += 1`."""

    __slots__ = (
        "_commit_seconds",
        "_failed_commits",
        "blocked",
        "lag",
        "logins",
        "received",
        "refused",
        "stored",
        "stream_errors",
    )

    def __init__(self, server: Server) -> None:
        meters = server.meters
        received = meters.counter("stanzas_received", "Stanzas from clients", labels=("kind",))
        self.received = {kind: received.at(kind) for kind in ("message", "presence", "iq")}
        self.stored = meters.counter("messages_stored", "Messages written to the journal").at()
        logins = meters.counter(
            "logins", "Streams that got a session, and attempts that were refused", ("result",)
        )
        self.logins, self.refused = logins.at("ok"), logins.at("failed")
        self.blocked = logins.at("blocked")
        errors = meters.counter("stream_errors", "Streams ended with an error", ("condition",))
        self.stream_errors = {condition: errors.at(condition) for condition in StreamCondition}
        self.lag = meters.histogram(
            "loop_lag_seconds", "How late the event loop wakes, asked once a second", _LAG
        )
        self._commit_seconds = meters.histogram(
            "commit_seconds", "From handing a batch to the database to its answer", _COMMIT
        )
        self._failed_commits = meters.counter("commits_failed", "Batches not stored").at()
        self._declare_gauges(server)

    @staticmethod
    def _declare_gauges(server: Server) -> None:
        gauge = server.meters.gauge
        gauge(
            "connections",
            "Open client connections",
            lambda: len(server.newcomers) + len(server.streams),
        )
        gauge("sessions", "Bound resources", lambda: server.sessions.count)
        gauge(
            "sessions_hibernating",
            "Sessions that wait for their client to resume",
            lambda: len(server.sweep.hibernating),
        )
        gauge(
            "accounts_online",
            "Accounts with a session",
            lambda: sum(len(host.accounts.active()) for host in server.hosts.values()),
        )
        gauge("journal_rows", "Rows that wait for the disk", lambda: server.journal.waiting)

    def committed(self, seconds: float, is_stored: bool) -> None:
        """A commit has ended."""
        self._commit_seconds.observe(seconds)
        if not is_stored:
            self._failed_commits.value += 1
