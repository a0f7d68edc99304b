"""Turns one TOML value into the type its key was declared with."""

import math
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args, get_origin

from server.config.address import Address
from server.config.declare import Key
from server.jid import JID
from server.units import Duration, Rate, Size


class _Parsed(Protocol):
    """A type that reads itself from text."""

    @classmethod
    def parse(cls, text: str) -> Any: ...


_EXPECTED: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    Path: "a path in quotes",
    Address: 'an address such as "127.0.0.1:5222" or "[::]:5222"',
    JID: 'an address such as "example.org" or "anna@example.org"',
    Duration: Duration.expected,
    Size: Size.expected,
    Rate: Rate.expected,
}


def read_value(value: object, hint: Any, key: Key) -> Any:
    """`value` as the type `hint`, within the bounds of `key`; ValueError says what was expected."""
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"expected a list, got {_show(value)}")
        return tuple(read_value(item, get_args(hint)[0], key) for item in value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"expected {_choices(hint)}, got {_show(value)}")
        return value
    result = _read_plain(value, hint)
    if isinstance(result, int | float) and not isinstance(result, bool):
        _check_bounds(result, key)
    return result


def _read_plain(value: object, hint: Any) -> Any:
    """`value` as one of the types in the table above."""
    expected = f"expected {_EXPECTED[hint]}, got {_show(value)}"
    if hint in (bool, int, float, str):
        if type(value) is not hint and not (hint is float and type(value) is int):
            raise ValueError(expected)
        return value
    if hint in (Duration, Size, Rate) and type(value) is int and value == 0:
        return hint(0)
    if not isinstance(value, str) or not value:
        raise ValueError(expected)
    if hint is Path:
        return Path(value)
    try:
        return cast("_Parsed", hint).parse(value)
    except ValueError as error:
        raise ValueError(f"{expected}: {error}") from None


def _check_bounds(number: float, key: Key) -> None:
    """ValueError unless `number` lies within the bounds of `key`."""
    kind = type(number)
    if isinstance(number, float) and math.isinf(number):
        if not key.forever:
            raise ValueError("expected an end: forever is not possible here")
        return
    low = key.least is not None and number < key.least
    high = key.most is not None and number > key.most
    if low or high:
        bounds = [f"at least {kind(key.least)}"] if key.least is not None else []
        bounds += [f"at most {kind(key.most)}"] if key.most is not None else []
        raise ValueError(f"expected {' and '.join(bounds)}, got {number}")


def _choices(hint: Any) -> str:
    """The words a closed set allows."""
    words = [f'"{word}"' for word in get_args(hint)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _show(value: object) -> str:
    """A value from the file, short enough for a message."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
