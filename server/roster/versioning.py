"""Sending only what changed (RFC 6121 §2.6; XEP-0237 §4.3 for the method).

Theory of operation
    Every modification a client would see takes a number from the node's message identifiers, which
    only grow, even when a database is brought back from a copy. An item remembers the number of its
    last change, and so does a removal, for a while: those up to the `floor` have been forgotten.
    What a client holds "MUST be treated by the client as opaque": it is the number in hexadecimal.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, TypeVar

from server.message_id import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

#: Beyond one changed item in so many the whole roster is cheaper: each push is an iq to answer.
_SHARE: Final = 2

render = encode


class Sync(enum.Enum):
    """What a client gets that says which version it holds (RFC 6121 §2.6.3)."""

    NOTHING = "an empty result: it has everything"
    CHANGES = "an empty result, then pushes"
    WHOLE = "the whole roster"


def compare(held: str | None, current: int, floor: int) -> Sync:
    """Find out what a client needs that holds the version of this text (`None`: said nothing)."""
    number = decode(held) if held else None
    if number is None or number > current or number < floor:
        return Sync.WHOLE
    return Sync.NOTHING if number == current else Sync.CHANGES


def in_order(
    items: Sequence[tuple[int, T]], removals: Sequence[tuple[int, T]], total: int
) -> list[tuple[int, T]] | None:
    """The changes to push, or `None` if the whole roster of `total` contacts is cheaper.

    "Roster pushes MUST occur in order of modification and the version contained in a roster push
    MUST be unique" (XEP-0237 §2.4): no two changes have the same number.
    """
    if len(items) + len(removals) > max(1, total // _SHARE):
        return None
    return sorted((*items, *removals), key=lambda change: change[0])
