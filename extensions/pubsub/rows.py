"""What is read from the tables, and what a row counts for."""

from __future__ import annotations

from typing import Final, NamedTuple

#: What a row costs besides its payload, in bytes; a rough figure. The migration has it too.
FLAT: Final = 256

#: Who answers for a node: an account, or at a service whoever has made it.
Payer = tuple[int, str, str]


class NodeRow(NamedTuple):
    """A node as it is stored."""

    id: int
    name: str
    creator: str
    config: str
    bytes: int


class ItemRow(NamedTuple):
    """An item as it is stored; `seq` grows with time and says when it was published."""

    seq: int
    id: str
    publisher: str
    payload: bytes


class Head(NamedTuple):
    """An item without its payload."""

    id: str
    seq: int
    publisher: str
    size: int

    @property
    def weight(self) -> int:
        """What it counts for in a quota."""
        return self.size + FLAT


class NewsRow(NamedTuple):
    """A node somebody may want to hear of: whose it is, and its last item, if there is any."""

    id: int
    account: int
    owner: str
    name: str
    config: str
    groups: str
    last: int | None
