"""Writes a configuration out as TOML, every key explained."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

from server.config.config import CORE, Config
from server.config.declare import describe

_WIDTH: Final = 96


def example_file(rooms: Mapping[str, type] | None = None) -> str:
    """The file people copy: every key with its default, commented out."""
    lines = [
        "# Skerry's configuration: every key there is, with its default. A server needs none.",
        "# To change a value take the # away; `skerry config` prints what is in force.",
    ]
    for name, kind in {**CORE, **(rooms or {})}.items():
        section = kind()
        lines += ["", "", *_comment(_purpose(section)), f"[{name}]"]
        for field in fields(section):
            lines += ["", *_explain(field), f"#{_assign(field, getattr(section, field.name))}"]
    return "\n".join(lines) + "\n"


def effective(config: Config, *, brief: bool = False) -> str:
    """The configuration in force; with `brief` only what differs from the defaults."""
    lines: list[str] = []
    for name, section in config.sections():
        rows = list(_rows(section, brief))
        if rows:
            lines += [
                "",
                *([] if brief else _comment(_purpose(section))),
                f"[{name}]",
                *rows,
            ]
    return "\n".join(lines).strip() + "\n" if lines else ""


def _rows(section: Any, brief: bool) -> Iterator[str]:
    """The keys of one section, each with its explanation unless `brief`."""
    for field in fields(section):
        value = getattr(section, field.name)
        if value == field.default and brief:
            continue
        if not brief:
            yield ""
            yield from _explain(field)
            if value != field.default:
                yield f"# Default: {_toml(field.default)}"
        secret = describe(field).secret and value
        yield f'{field.name} = "(secret)"' if secret else _assign(field, value)


def _purpose(section: object) -> str:
    """What a section is for: its docstring on one line."""
    return " ".join((getdoc(section) or "").split())


def _explain(field: "Field[Any]") -> list[str]:
    """What a key means, and an example if it has one."""
    key = describe(field)
    lines = _comment(key.doc)
    if key.example:
        lines += _comment(f"Example: {field.name} = {key.example}")
    return lines


def _comment(text: str) -> list[str]:
    """`text` as comment lines."""
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def _assign(field: "Field[Any]", value: object) -> str:
    """`key = value`, on one line."""
    return f"{field.name} = {_toml(value)}"


def _toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if type(value) in (int, float):
        return str(value)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return f"[{', '.join(map(_toml, value))}]"
    text = value.as_posix() if isinstance(value, Path) else str(value)
    # JSON's escapes are among those of TOML's basic strings.
    return json.dumps(text, ensure_ascii=False)
