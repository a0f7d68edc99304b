"""Quantities as people write them in a configuration: `"5s"`, `"256KiB"`, `"64KiB/s"`.

Each is a number of Python's own in its base unit, so the code that uses it never converts.
"""

import math
import re
from typing import Final, Self

_QUANTITY: Final = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([A-Za-z]*)\s*")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


class Duration(float):
    """A span of time in seconds; `"forever"` is infinite."""

    __slots__ = ()
    expected = 'a duration such as "500ms", "30s", "10m", "12h" or "30d"'

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"90s"`, `"1.5h"`, `"forever"`, or `"0"`; ValueError for anything else."""
        if text.strip() == "forever":
            return cls(math.inf)
        number, unit = _split(text, _SECONDS)
        return cls(number * _SECONDS[unit] if unit else number)

    def __str__(self) -> str:
        if math.isinf(self):
            return "forever"
        milliseconds = round(self * 1000)
        return _compose(milliseconds, {unit: round(n * 1000) for unit, n in _SECONDS.items()})


class Size(int):
    """A number of bytes."""

    __slots__ = ()
    expected = 'a size such as "512B", "256KiB" or "4MiB"'

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"256KiB"`, `"1.5MiB"`, or `"0"`; ValueError for anything else."""
        number, unit = _split(text, _BYTES)
        return cls(round(number * _BYTES[unit]) if unit else int(number))

    def __str__(self) -> str:
        return _compose(int(self), _BYTES)


class Rate(int):
    """A number of bytes a second."""

    __slots__ = ()
    expected = 'a rate such as "64KiB/s", or "0" for no limit'

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"64KiB/s"` or `"0"`; ValueError for anything else."""
        size, slash, per = text.partition("/")
        if (slash and per.strip() != "s") or (not slash and size.strip() != "0"):
            raise ValueError(f"not a rate: {text!r}")
        return cls(Size.parse(size))

    def __str__(self) -> str:
        return f"{Size(self)}/s" if self else "0"


def _split(text: str, units: dict[str, float] | dict[str, int]) -> tuple[float, str]:
    """The number and the unit in `text`; only zero may go without a unit."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"not a quantity: {text!r}")
    number, unit = float(match[1]), match[2]
    if unit not in units and (unit or number):
        raise ValueError(f"unknown unit in {text!r}: expected one of {', '.join(units)}")
    return number, unit


def _compose(amount: int, units: dict[str, int]) -> str:
    """`amount` in the largest unit that divides it, so that reading it back is exact."""
    if not amount:
        return "0"
    unit = max((u for u in units if amount % units[u] == 0), key=units.__getitem__)
    return f"{amount // units[unit]}{unit}"
