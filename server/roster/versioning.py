"""Sending only what changed (RFC 6121 §2.6; XEP-0237 §4.3 for the method).

Theory of operation
    Every modification a client would see takes the next number of a strictly increasing sequence.
    Each item remembers the number of its last change, and so does each removal (a tombstone). The
    version a client holds is `epoch-number`: the epoch is drawn when a roster is created or brought
    back from a copy, so that numbers of another life are never mistaken for ours. Tombstones are
    bounded; below the `horizon` removals have been forgotten and the whole roster is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

#: Above this share of changed items the whole roster is cheaper than pushes, each an iq to answer.
_SHARE: Final = 2
#: A version longer than this is not one of ours.
_LONGEST: Final = 64


def render(epoch: str, number: int) -> str:
    """The version as clients see it; "MUST be treated by the client as opaque" (§2.6.1)."""
    return f"{epoch}-{number}"


def read(version: str, epoch: str) -> int | None:
    """The number in a version a client holds, `None` if it is not of this roster's life."""
    if len(version) > _LONGEST:
        return None
    life, dash, digits = version.rpartition("-")
    if not dash or life != epoch or not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits)


def changes_since(
    held: int | None,
    current: int,
    horizon: int,
    items: Iterable[tuple[int, T]],
    removals: Iterable[tuple[int, T]],
) -> list[tuple[int, T]] | None:
    """What a client that holds version `held` must be pushed, in order; `None`: the whole roster.

    `items` and `removals` are the present items and the tombstones, each with the number of its
    last change. "Roster pushes MUST occur in order of modification and the version contained in a
    roster push MUST be unique" (§2.6.3): no two of them have the same number.
    """
    if held is None or held > current or held < horizon:
        return None
    present = list(items)
    changed = [entry for entry in (*present, *removals) if entry[0] > held]
    if len(changed) > max(1, len(present) // _SHARE):
        return None
    changed.sort(key=lambda entry: entry[0])
    return changed
