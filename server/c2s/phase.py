"""How far a client's stream has come, and what is legal there (RFC 6120 §4.3)."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.c2s.stream import ClientStream
    from server.element import Element


class Phase(enum.IntEnum):
    """How far a stream has come."""

    OPENING = 0  # waiting for the first header
    UNAUTHENTICATED = 1  # features sent: STARTTLS or SASL
    AUTHENTICATING = 2  # an exchange of SASL2 is under way: nothing else is legal
    REOPENING = 3  # authenticated, waiting for the new header
    AUTHENTICATED = 4  # features sent: bind or resume
    BOUND = 5
    CLOSED = 6


Handler = Callable[["ClientStream", "Element"], Awaitable[None] | None]
Table = dict[tuple[Phase, str], Handler]
