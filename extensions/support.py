"""Prints the support table from what the code declares, and writes it into the README.

python -m extensions.support            print it
python -m extensions.support --write    put it between the marks of README.md
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from extensions.registry import ALL
from server.specs import CORE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.extension import Spec

BEGIN: Final = "<!-- support:begin -->"
END: Final = "<!-- support:end -->"
README: Final = Path(__file__).parent.parent / "README.md"

_HEAD: Final = "| Specification | Title | Version | Status |\n|---|---|---|---|\n"


def declared() -> list[Spec]:
    """Every specification that the core or an extension implements, in order, each once."""
    specs: dict[str, Spec] = {}
    for spec in (*CORE, *(spec for extension in ALL for spec in extension.specs)):
        if spec.name in specs:
            raise ValueError(f"{spec.name} is declared twice")
        specs[spec.name] = spec
    return sorted(specs.values(), key=lambda spec: (spec.name.startswith("XEP"), spec.name))


def table(specs: Iterable[Spec]) -> str:
    """The table in Markdown."""
    return _HEAD + "".join(f"{_row(spec)}\n" for spec in specs)


def _row(spec: Spec) -> str:
    status = f"{spec.status}: {spec.note}" if spec.note else spec.status
    return f"| {_link(spec)} | {spec.title} | {spec.version} | {status} |"


def _link(spec: Spec) -> str:
    kind, _, number = spec.name.replace(" ", "-").partition("-")
    if kind == "XEP":
        return f"[{spec.name}](https://xmpp.org/extensions/xep-{number}.html)"
    return f"[{spec.name}](https://www.rfc-editor.org/rfc/rfc{number})"


def insert(text: str) -> str:
    """A README with the current table between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table(declared())}{END}{after}"


def main(arguments: list[str]) -> None:
    """Print the table, or write it."""
    if arguments == ["--write"]:
        README.write_text(insert(README.read_text("utf-8")), "utf-8")
    else:
        sys.stdout.write(table(declared()))


if __name__ == "__main__":
    main(sys.argv[1:])
