"""Times as XMPP writes them (XEP-0082): UTC, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime

_last_minute = -1
_last_text = b""


def stamp(unix_ms: int) -> bytes:
    """A time as `CCYY-MM-DDThh:mm:ss.sssZ` (XEP-0082 §3.2); neighbours in time share their work."""
    global _last_minute, _last_text
    minute, ms = divmod(unix_ms, 60_000)
    if minute != _last_minute:
        _last_text = datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:").encode()
        _last_minute = minute
    return b"%s%02d.%03dZ" % (_last_text, ms // 1000, ms % 1000)
