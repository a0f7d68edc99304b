"""Message identifiers: numbers that grow with time, on one node and across nodes (XEP-0359).

An identifier is a signed 64-bit number: 43 bits of unix milliseconds, 12 bits that count within the
millisecond, 8 bits for the node. A bound in time is therefore a bound in identifiers, and two
nodes never give out the same one.
"""

NODE_BITS = 8
COUNTER_BITS = 12
TIME_SHIFT = NODE_BITS + COUNTER_BITS
MAX_ID = (1 << 63) - 1
_WIDTH = 16


class MessageIDs:
    """Gives out identifiers that only ever grow, even when the clock jumps back."""

    __slots__ = ("_node", "_tick")

    def __init__(self, node: int = 0, last: int = 0) -> None:
        """`last` is the highest identifier known from before, or 0."""
        if not 0 <= node < 1 << NODE_BITS:
            raise ValueError(f"node {node} is not in 0..{(1 << NODE_BITS) - 1}")
        self._node = node
        self._tick = last >> NODE_BITS

    def next(self, now_ms: int) -> int:
        """The next identifier; a full millisecond borrows from the one after it."""
        tick = now_ms << COUNTER_BITS
        if tick <= self._tick:
            tick = self._tick + 1
        self._tick = tick
        return tick << NODE_BITS | self._node


def first_at(unix_ms: int) -> int:
    """The lowest identifier that this millisecond can have, within the range of identifiers."""
    return min(max(unix_ms, 0) << TIME_SHIFT, MAX_ID)


def last_at(unix_ms: int) -> int:
    """The highest identifier that this millisecond can have, within the range of identifiers."""
    return min((max(unix_ms, -1) + 1 << TIME_SHIFT) - 1, MAX_ID)


def to_ms(message_id: int) -> int:
    """The unix milliseconds at which the identifier was given out."""
    return message_id >> TIME_SHIFT


def to_time(message_id: int) -> float:
    """The unix seconds at which the identifier was given out."""
    return (message_id >> TIME_SHIFT) / 1000


def encode(message_id: int) -> str:
    """The identifier as text of fixed width, which sorts as the numbers do."""
    return f"{message_id:016x}"


def decode(text: str) -> int | None:
    """The identifier behind the text, or None if `encode` never wrote it."""
    if len(text) != _WIDTH:
        return None
    try:
        message_id = int(text, 16)
    except ValueError:
        return None
    # int() also takes capitals, signs, underscores and foreign digits: only our spelling counts.
    if not 0 <= message_id <= MAX_ID or encode(message_id) != text:
        return None
    return message_id
