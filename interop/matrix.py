"""The table of clients and capabilities, from what ran.

Filled during a test run, kept as JSON in pytest's cache, printed at the end of the run or by
`python -m interop.matrix FILE`.
"""

import contextlib
import json
import pathlib
import sys
from collections.abc import Iterator, Mapping

from interop.capabilities import CAPABILITIES

YES, NO, NONE, NOT_RUN = "yes", "NO", "—", ""


class Matrix:
    """Results by client and capability, and the reasons of the gaps."""

    def __init__(self) -> None:
        self.cells: dict[str, dict[str, str]] = {}
        self.reasons: dict[str, dict[str, str]] = {}
        self.suites: dict[str, str] = {}

    @contextlib.contextmanager
    def recording(self, client: str, capability: str) -> Iterator[None]:
        """Note whether what happens inside succeeds."""
        row = self.cells.setdefault(client, {})
        row[capability] = NO
        yield
        row[capability] = YES

    def missing(self, client: str, reasons: Mapping[str, str]) -> None:
        """Note what a client has no code for."""
        self.cells.setdefault(client, {}).update(dict.fromkeys(reasons, NONE))
        self.reasons[client] = dict(reasons)

    def suite(self, name: str, summary: str) -> None:
        """Note the outcome of a whole suite, in words."""
        self.suites[name] = summary

    def save(self, path: pathlib.Path) -> None:
        """Keep it as JSON."""
        path.write_text(json.dumps(vars(self), indent=1, ensure_ascii=False))

    @classmethod
    def load(cls, path: pathlib.Path) -> "Matrix":
        """Read what `save` wrote."""
        matrix = cls()
        vars(matrix).update(json.loads(path.read_text()))
        return matrix

    def render(self) -> str:
        """The table in Markdown, with the reasons below it; empty when nothing ran."""
        clients = sorted(self.cells, key=str.lower)
        rows = [
            [capability.title, *(self.cells[client].get(name, NOT_RUN) for client in clients)]
            for name, capability in CAPABILITIES.items()
        ]
        table = _table(["", *clients], rows) if clients else []
        reasons = [
            f"- {client}, {CAPABILITIES[capability].title}: {reason}"
            for client, gaps in sorted(self.reasons.items(), key=lambda each: each[0].lower())
            for capability, reason in gaps.items()
        ]
        suites = [f"{name}: {summary}" for name, summary in sorted(self.suites.items())]
        return "\n\n".join("\n".join(part) for part in (table, reasons, suites) if part)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Markdown with aligned columns."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    return ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in (head, rule, *rows)]


if __name__ == "__main__":
    print(Matrix.load(pathlib.Path(sys.argv[1])).render())
