"""XEP-0082 §3.2: what is a DateTime and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.payloads import timestamps


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-07-21T02:56:15Z", -14_159_025_000),
        ("1969-07-20T21:56:15-05:00", -14_159_025_000),
        ("2010-07-10T23:08:25Z", 1_278_803_305_000),
        ("2010-07-10T23:08:25.5Z", 1_278_803_305_500),
        ("2010-07-10T23:08:25.123456Z", 1_278_803_305_123),
        ("2010-07-11T01:08:25+02:00", 1_278_803_305_000),
    ],
)
def test_parse(text: str, moment: int) -> None:
    assert timestamps.parse(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2010-07-10", "2010-07-10T23:08:25", "20100710T23:08:25Z",
        "2010-13-10T23:08:25Z", "2010-02-30T23:08:25Z", "2010-07-10T25:08:25Z",
        "2010-07-10T23:08:60Z", "2010-07-10T23:08:25+15:00", "2010-07-10T23:08:25+02:60",
        "2010-07-10T23:08:25.Z", "2010-07-10 23:08:25Z", " 2010-07-10T23:08:25Z",
        "2010-07-10T23:08:25Z\n", "12010-07-10T23:08:25Z", "0000-07-10T23:08:25Z",
        "２０１０-07-10T23:08:25Z", "2010-07-10T23:08:25." + "1" * 5000 + "Z",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        timestamps.parse(text)


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
def test_what_is_built_is_parsed_to_the_same(moment: int) -> None:
    assert timestamps.parse(timestamps.build(moment)) == moment
