"""Reads what Smack's integration test runner prints."""

import dataclasses
import re

_PASSED = re.compile(r"^INFO: (\S+ \(.+\)) ✔$", re.M)
_FAILED = re.compile(r"^SEVERE: (\S+ \(.+?\)) failed: (.*)$", re.M)
_IMPOSSIBLE = re.compile(r"^INFO: Could not run (\S+)(?: \(.+?\))? because: (.*)$", re.M)
_FINISHED = re.compile(r"\] finished: (\d+)/(\d+) \[(\d+) failed\]")


@dataclasses.dataclass(frozen=True)
class Results:
    """Tests by outcome; `finished` is false when the runner gave up."""

    passed: tuple[str, ...]
    failed: dict[str, str]
    impossible: dict[str, str]
    finished: bool

    @classmethod
    def parse(cls, output: str) -> "Results":
        """Read the runner's output."""
        return cls(
            passed=tuple(_PASSED.findall(output)),
            failed=dict(_FAILED.findall(output)),
            impossible=dict(_IMPOSSIBLE.findall(output)),
            finished=_FINISHED.search(output) is not None,
        )

    def __str__(self) -> str:
        return (
            f"{len(self.passed)} passed, {len(self.failed)} failed, "
            f"{len(self.impossible)} could not run"
        )
