"""How often something may happen from one place (XEP-0205 §3.2): token buckets without I/O.

For each place one number is kept, the time at which its bucket will be full again. Who comes too
often is told how long to wait, so that a crowd behind one address gets in one after another;
refused is only who would have to wait too long.
"""

from __future__ import annotations

from typing import Final

#: Places remembered at most; when full, the one that was quiet longest is forgotten.
REMEMBERED: Final = 10_000


class Rates:
    """One bucket for each place."""

    __slots__ = ("_full_at", "_interval", "_patience", "_slack")

    def __init__(self, rate: float, burst: int, patience: float = 0.0) -> None:
        """`rate` a second on average, `burst` at once; nobody waits longer than `patience`."""
        self._interval = 1 / rate
        self._slack = (burst - 1) / rate
        self._patience = patience
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, place: str, now: float) -> float | None:
        """How many seconds to wait; None to refuse, which costs that place nothing further."""
        full_at = max(self._full_at.pop(place, now), now)
        wait = full_at - now - self._slack
        if wait <= self._patience:
            full_at += self._interval
        while len(self._full_at) >= REMEMBERED:
            del self._full_at[next(iter(self._full_at))]
        self._full_at[place] = full_at
        return max(0.0, wait) if wait <= self._patience else None
