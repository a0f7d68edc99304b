"""TOML values as the types keys are declared with."""

from pathlib import Path
from typing import Any, Literal

import pytest

from server.config.address import Address
from server.config.declare import Key
from server.config.values import read_value
from server.jid import JID
from server.units import Duration, Rate, Size

ANY = Key("")


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (True, bool, True),
        (5, int, 5),
        (5, float, 5),
        ("x", str, "x"),
        ("", str, ""),
        ("a/b", Path, Path("a/b")),
        ("5s", Duration, 5.0),
        (0, Duration, 0.0),
        ("1KiB", Size, 1024),
        (0, Rate, 0),
        ("example.org", JID, "example.org"),
        (["[::]:1"], tuple[Address, ...], (Address("::", 1),)),
        ("a", Literal["a", "b"], "a"),
    ],
)
def test_what_fits_is_taken(value: object, hint: Any, expected: object) -> None:
    assert read_value(value, hint, ANY) == expected


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, bool),
        (True, int),
        (1.5, int),
        ("5", int),
        (5, str),
        ("", Path),
        (5, Duration),
        (True, Duration),
        (False, Size),
        ("", JID),
        ("@", JID),
        ("a", tuple[str, ...]),
        ("c", Literal["a", "b"]),
        ({}, Literal["a", "b"]),
    ],
)
def test_what_does_not_fit_is_refused(value: object, hint: Any) -> None:
    with pytest.raises(ValueError, match=r"^expected "):
        read_value(value, hint, ANY)


def test_bounds_are_told_in_the_unit_of_the_key() -> None:
    with pytest.raises(ValueError, match="expected at least 1KiB and at most 1MiB, got 2MiB"):
        read_value("2MiB", Size, Key("", least=1024, most=1 << 20))


def test_long_values_are_cut_short() -> None:
    with pytest.raises(ValueError, match=r"got 'x{56}\.\.\.$"):
        read_value("x" * 1000, int, ANY)
