"""What is wrong with a configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: where, in which key, and what was expected."""

    problem: str
    key: str = ""
    file: Path | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = "command line" if self.file is None else str(self.file)
        line = "" if self.line is None else f":{self.line}"
        name = f" {self.key}:" if self.key else ""
        return f"{place}{line}:{name} {self.problem}"


class ConfigError(Exception):
    """A configuration that cannot be used, with everything that is wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)
