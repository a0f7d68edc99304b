"""How a number of places is shared, so that nobody who keeps what he gets starves the others; pure.

Whoever has a sixteenth as many places as are left gets no more: one party alone can have that much,
and a hundred that keep all they get leave something for the next one.
"""

from __future__ import annotations

from typing import Final

PARTS: Final = 16


class Shares:
    """Places, and who has how many of them."""

    __slots__ = ("_free", "_taken")

    def __init__(self, places: int) -> None:
        self._free = places
        self._taken: dict[str, int] = {}

    def take(self, party: str) -> bool:
        """One more place for that party, if it may have it."""
        taken = self._taken.get(party, 0)
        if taken * PARTS >= self._free:
            return False
        self._taken[party] = taken + 1
        self._free -= 1
        return True

    def give_back(self, party: str) -> None:
        """It needs one place less."""
        self._free += 1
        self._taken[party] -= 1
        if not self._taken[party]:
            del self._taken[party]
