"""Reads TOML into sections, and finds every mistake in one go."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self, get_type_hints

from server.config.declare import describe
from server.config.errors import ConfigError, Finding
from server.config.values import read_value

Table = dict[str, Any]

_HEADER: Final = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+\s*(?:#.*)?")
_ASSIGNMENT: Final = re.compile(r"\s*([A-Za-z0-9_.\-\"' ]+?)\s*=")
_POSITION: Final = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: its tables, and on which line a key stands."""

    path: Path | None = None
    tables: Table = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the file at `path`; ConfigError if it is not there or not TOML."""
        try:
            text = path.read_text("utf-8")
            return cls(path, tomllib.loads(text), dict(_locate(text)))
        except OSError as error:
            raise ConfigError([Finding(f"cannot be read: {error.strerror}", file=path)]) from None
        except UnicodeDecodeError:
            raise ConfigError([Finding("is not UTF-8 text", file=path)]) from None
        except tomllib.TOMLDecodeError as error:
            position = _POSITION.search(str(error))
            line = int(position[1]) if position else None
            text = _POSITION.sub("", str(error)).strip()
            raise ConfigError([Finding(f"is not TOML: {text}", file=path, line=line)]) from None

    def has(self, section: str, name: str) -> bool:
        """Whether the file itself sets this key."""
        table = self.tables.get(section)
        return isinstance(table, dict) and name in table

    def finding(self, problem: str, section: str, name: str = "") -> Finding:
        """A mistake at a key of this file, or in its section as a whole."""
        key = f"{section}.{name}" if name and section else name or section
        line = self.lines.get(key, self.lines.get(section))
        return Finding(problem, key, self.path, line)


def read_sections(
    document: Document, kinds: Mapping[str, type], overrides: Mapping[str, Table]
) -> dict[str, Any]:
    """An instance of each of `kinds`, by name; ConfigError if anything is wrong anywhere."""
    tables, findings = _divide(document, kinds)
    findings += [
        Finding(f"no such section{_near(n, kinds)}", n) for n in overrides if n not in kinds
    ]
    sections = {
        name: _read_section(document, name, kind, tables[name], overrides.get(name, {}), findings)
        for name, kind in kinds.items()
    }
    if findings:
        raise ConfigError(sorted(findings, key=lambda finding: finding.line or 0))
    return sections


def _divide(
    document: Document, kinds: Mapping[str, type]
) -> tuple[dict[str, Table], list[Finding]]:
    """The table of each section, taken out of the document; what is left over is unknown."""
    tables: dict[str, Table] = {name: {} for name in kinds}
    findings: list[Finding] = []

    def walk(name: str, value: object) -> None:
        if not isinstance(value, dict):
            where = "expected inside a section" if not name.count(".") else "unknown key"
            findings.append(document.finding(where, "", name))
        elif name in kinds:
            tables[name] = {k: v for k, v in value.items() if f"{name}.{k}" not in kinds}
            for key in value.keys() - tables[name].keys():
                walk(f"{name}.{key}", value[key])
        elif any(kind.startswith(f"{name}.") for kind in kinds):
            for key, inner in value.items():
                walk(f"{name}.{key}", inner)
        else:
            findings.append(document.finding(f"no such section{_near(name, kinds)}", name))

    for name, value in document.tables.items():
        walk(name, value)
    return tables, findings


def _read_section(
    document: Document,
    name: str,
    kind: type,
    table: Table,
    override: Table,
    findings: list[Finding],
) -> Any:
    """One section; its mistakes are added to `findings`."""
    values: dict[str, Any] = {}
    known = {f.name: f for f in fields(kind)}
    hints = get_type_hints(kind)
    for key, value in {**table, **override}.items():
        place = Document() if key in override else document
        if key not in known:
            findings.append(place.finding(f"unknown key{_near(key, known)}", name, key))
            continue
        try:
            values[key] = read_value(value, hints[key], describe(known[key]))
        except ValueError as error:
            findings.append(place.finding(str(error), name, key))
    section = kind(**values)
    for key, problem in getattr(section, "problems", tuple)():
        place = Document() if key in override else document
        findings.append(place.finding(problem, name, key))
    return section


def _near(word: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _locate(text: str) -> Iterator[tuple[str, int]]:
    """The line of every section and key, found without a parser that remembers positions."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            section = _plain(header[1])
            yield section, number
        elif assignment := _ASSIGNMENT.match(line):
            key = _plain(assignment[1])
            yield (f"{section}.{key}" if section else key), number


def _plain(name: str) -> str:
    """A dotted name without quotes and blanks."""
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
