"""One result of a check."""

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, about what, and what mends it."""

    level: Level
    subject: str
    text: str
    mend: str = ""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, mend: str) -> Finding:
    """It works, but somebody will regret it."""
    return Finding(Level.WARNING, subject, text, mend)


def error(subject: str, text: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(Level.ERROR, subject, text, mend)
