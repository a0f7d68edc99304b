"""How a section of the configuration declares its keys.

A section is a frozen dataclass; its docstring explains it, and each field is made by `key()`, which
holds what a reader needs: the default, an explanation, the bounds. Reading (`reader.py`) and
writing out (`render.py`) know nothing else about a section.
"""

import dataclasses
from typing import Any, TypeVar

T = TypeVar("T")
_META = "skerry"


@dataclasses.dataclass(frozen=True)
class Key:
    """What is known of one key besides its type and default."""

    doc: str
    least: float | None = None
    most: float | None = None
    secret: bool = False
    forever: bool = False
    example: str = ""


def key(
    default: T,
    doc: str,
    *,
    least: float | None = None,
    most: float | None = None,
    secret: bool = False,
    forever: bool = False,
    example: str = "",
) -> T:
    """Declare a key: a dataclass field with `default`, explained by `doc`.

    `least` and `most` bound a number, a length of time or a size; a `secret` is never printed;
    `forever` allows a duration without end; `example` is shown when the default says too little.
    A closed set of words is a `Literal` type.
    """
    meta = Key(" ".join(doc.split()), least, most, secret, forever, example)
    return dataclasses.field(default=default, metadata={_META: meta})


def describe(field: "dataclasses.Field[Any]") -> Key:
    """What `key()` noted on this field."""
    meta = field.metadata.get(_META)
    if not isinstance(meta, Key):
        raise TypeError(f"configuration key {field.name!r} is not declared by key()")
    return meta
