"""Points in time as text: the DateTime profile (XEP-0082 §3.2).

Inside the house a point in time that others will read is an `int`: milliseconds since 1970, UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from server.timestamps import stamp

_PROFILE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def parse(text: str) -> int:
    """Milliseconds since 1970 of a DateTime; anything else is a `ValueError`.

    Finer fractions of a second are cut off.
    """
    match = _PROFILE.fullmatch(text)
    if match is None:
        raise ValueError("not a DateTime as XEP-0082 defines it")
    *parts, fraction, sign, hours, minutes = match.groups()
    moment = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six numbers
    unix_ms = (moment - _EPOCH) // _MILLISECOND + int((fraction or "0").ljust(3, "0")[:3])
    return unix_ms if sign is None else unix_ms - _offset(sign, int(hours), int(minutes))


def _offset(sign: str, hours: int, minutes: int) -> int:
    """Milliseconds a local time is ahead of UTC."""
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        raise ValueError("no time zone is that far from UTC")
    offset = (hours * 60 + minutes) * 60_000
    return offset if sign == "+" else -offset


def build(moment: int) -> str:
    """The DateTime of `moment`, always in UTC with milliseconds: 1969-07-21T02:56:15.000Z."""
    return stamp(moment).decode("ascii")
