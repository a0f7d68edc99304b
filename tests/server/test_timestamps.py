"""Times as text (XEP-0082 §3.2)."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.timestamps import stamp


@pytest.mark.parametrize(
    ("unix_ms", "text"),
    [
        (0, b"1970-01-01T00:00:00.000Z"),
        (1, b"1970-01-01T00:00:00.001Z"),
        (1_700_000_000_999, b"2023-11-14T22:13:20.999Z"),
        (1_700_000_001_000, b"2023-11-14T22:13:21.000Z"),
        (951_782_400_000, b"2000-02-29T00:00:00.000Z"),
    ],
)
def test_times(unix_ms: int, text: bytes) -> None:
    assert stamp(unix_ms) == text


@given(st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=5))
def test_the_order_of_asking_does_not_matter(times: list[int]) -> None:
    for unix_ms in times:
        text = stamp(unix_ms).decode()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
        read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        assert round(read.timestamp() * 1000) == unix_ms
