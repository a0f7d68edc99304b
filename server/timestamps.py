"""Times as XMPP writes them (XEP-0082): UTC, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime

_last_second = -1
_last_text = b""


def stamp(unix_ms: int) -> bytes:
    """A time as `CCYY-MM-DDThh:mm:ss.sssZ` (XEP-0082 §3.2); neighbours in time share their work."""
    global _last_second, _last_text  # noqa: PLW0603 - a cache of one
    second, ms = divmod(unix_ms, 1000)
    if second != _last_second:
        _last_text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
        _last_second = second
    return b"%s.%03dZ" % (_last_text, ms)
