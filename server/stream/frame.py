"""One message of a WebSocket: one whole element (RFC 7395 §3.3)."""

from typing import TYPE_CHECKING, Final

from lxml import etree

from server.errors import StreamCondition, StreamError
from server.stream.markup import is_within, refusal
from server.stream.reader import parse
from server.stream.scanner import Scanner

if TYPE_CHECKING:
    from server.element import Element
    from server.stream.limits import Limits

_OPEN: Final = b"<s>"
_CLOSE: Final = b"</s>"


def parse_element(data: bytes, limits: "Limits") -> "Element":
    """Parse exactly one element that declares all its namespaces. Raises StreamError.

    The same markup is refused, and the same limits hold, as in a stream.
    """
    # A frame begins with `<`: not even white space comes first (RFC 7395 §3.3.3).
    if not data.startswith(b"<"):
        raise StreamError(StreamCondition.BAD_FORMAT, "A frame begins with an element")
    scanner = Scanner()
    scanner.buffer += data
    piece = scanner.element(limits)
    if not piece or piece.startswith(b"</"):
        raise StreamError(StreamCondition.NOT_WELL_FORMED, "This is no whole element")
    if not scanner.is_blank:
        raise StreamError(StreamCondition.BAD_FORMAT, "A frame holds one element and nothing else")
    try:
        root = parse(_OPEN + piece + _CLOSE)
    except etree.XMLSyntaxError as error:
        raise refusal(error) from None
    if not is_within(piece, root, limits):
        raise StreamError(StreamCondition.POLICY_VIOLATION, "An element has too many attributes")
    return root[0]
