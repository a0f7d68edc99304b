"""Quantities with units."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.units import Duration, Rate, Size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("500ms", 0.5),
        ("10m", 600),
        ("1.5h", 5400),
        (" 30 d ", 2592000),
        ("2w", 1209600),
        ("0", 0),
        ("forever", math.inf),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "5 parsecs", "-5s", "s", "1e3s", "٣s", "5s 5s", "9" * 400]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "size"), [("512B", 512), ("256KiB", 262144), ("1.5MiB", 1572864), ("0", 0)]
)
def test_sizes(text: str, size: int) -> None:
    assert Size.parse(text) == size


@pytest.mark.parametrize("text", ["", "256", "256KB", "KiB", "-1KiB", "forever"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError):
        Size.parse(text)


@pytest.mark.parametrize(("text", "rate"), [("64KiB/s", 65536), ("0", 0), ("10B/s", 10)])
def test_rates(text: str, rate: int) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize("text", ["64KiB", "64KiB/m", "/s", "64/s", ""])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError):
        Rate.parse(text)


@given(st.integers(0, 10**12))
def test_sizes_survive_writing_and_reading(number: int) -> None:
    assert Size.parse(str(Size(number))) == number
    assert Rate.parse(str(Rate(number))) == number


@given(st.integers(0, 10**11))
def test_durations_survive_writing_and_reading(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(str(duration)) == pytest.approx(duration)


def test_they_are_written_in_the_largest_unit_that_fits() -> None:
    written = [str(each) for each in (Duration(600), Duration(0.003), Size(262144), Duration(90))]
    assert written == ["10m", "3ms", "256KiB", "90s"]
    assert str(Duration.parse("forever")) == "forever"
