"""Bulk inserts, declared once and gathered by the journal."""

from dataclasses import dataclass, field
from typing import Any

# A row of a table, and a statement with its arguments.
Row = tuple[Any, ...]
Step = tuple[str, tuple[Any, ...]]


# Compared by identity: the journal looks lanes up by declaration for every row.
@dataclass(frozen=True, eq=False)
class Insert:
    """A declaration of rows that the journal stores in bulk.

    `conflict` is what follows `ON CONFLICT`. `retry` rows outlive a failed commit and are tried
    again; the others are given back to their origins. `key` says that the first so many columns
    form a key of which only the newest row matters, so that a batch holds each key once. `payload`
    names the column whose length counts towards the journal's bound.
    """

    table: str
    columns: tuple[str, ...]
    conflict: str = ""
    retry: bool = False
    key: int = 0
    payload: str = ""
    weigh: int = field(init=False)

    def __post_init__(self) -> None:
        weigh = self.columns.index(self.payload) if self.payload else -1
        object.__setattr__(self, "weigh", weigh)

    def sql(self, rows: int, placeholder: str = "?") -> str:
        """The statement that inserts so many rows at once, with anonymous placeholders."""
        row = f"({','.join([placeholder] * len(self.columns))})"
        conflict = f" ON CONFLICT {self.conflict}" if self.conflict else ""
        columns = ", ".join(self.columns)
        return f"INSERT INTO {self.table} ({columns}) VALUES {','.join([row] * rows)}{conflict}"
