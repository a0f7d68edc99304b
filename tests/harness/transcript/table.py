"""Who differs from the transcripts, who is right, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.harness.transcript.reading import Difference, Transcript

_HEAD = ("server", "transcript", "verdict", "by", "why")


class Table:
    """What the servers did otherwise, and what they lack."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []

    def differs(self, transcript: Transcript, seen: Difference) -> None:
        """A server differs in this."""
        row = (seen.server, _name(transcript), seen.verdict, seen.section, seen.reason)
        self._rows.append(row)

    def lacks(self, server: str, transcript: Transcript, reason: str) -> None:
        """A server has nothing of what the transcript is about."""
        self._rows.append((server, _name(transcript), "lacks", "", reason))

    def wavers(self, server: str, transcript: Transcript, deviation: str) -> None:
        """A server deviated once, and did not when it was asked again."""
        self._rows.append((server, _name(transcript), "unsteady", "", deviation.splitlines()[0]))

    def render(self) -> str:
        """The table in Markdown."""
        rows = [_HEAD, tuple("-" * len(name) for name in _HEAD), *sorted(set(self._rows))]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _name(transcript: Transcript) -> str:
    return f"{transcript.path.stem}: {transcript.title}"
