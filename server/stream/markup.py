"""The XML that XMPP allows: well-formed, in UTF-8, with nothing fancy (RFC 6120 §11.1).

There must be no comments, no processing instructions, no DTDs, and no references to entities other
than the five predefined ones. The scanner and the callers keep out what begins with `<!` and `<?`;
libxml2 refuses the entities, as no DTD could declare them.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lxml import etree

from server.element import Element
from server.errors import StreamCondition, StreamError

if TYPE_CHECKING:
    from server.stream.limits import Limits

SPACE: Final = b" \t\r\n"

_codes = etree.ErrorTypes
_CONDITIONS: Final = {
    _codes.ERR_INVALID_ENCODING: StreamCondition.UNSUPPORTED_ENCODING,
    _codes.ERR_UNKNOWN_ENCODING: StreamCondition.UNSUPPORTED_ENCODING,
    _codes.ERR_UNSUPPORTED_ENCODING: StreamCondition.UNSUPPORTED_ENCODING,
    _codes.ERR_UNDECLARED_ENTITY: StreamCondition.RESTRICTED_XML,
    _codes.WAR_UNDECLARED_ENTITY: StreamCondition.RESTRICTED_XML,
    _codes.NS_ERR_UNDEFINED_NAMESPACE: StreamCondition.BAD_NAMESPACE_PREFIX,
    _codes.ERR_NAME_TOO_LONG: StreamCondition.POLICY_VIOLATION,
    114: StreamCondition.POLICY_VIOLATION,  # ERR_RESOURCE_LIMIT, which lxml does not name
}

_ATTRIBUTE = re.compile(rb"\s+[^\s=<>\"']+\s*=\s*(?:\"[^\"]*\"|'[^']*')").match
_NAME = re.compile(rb"[^\s/>]+").match


_LEAST_ELEMENT: Final = len("<a></a>")
_LEAST_ATTRIBUTE: Final = len(" a=''")


def refusal(error: etree.XMLSyntaxError) -> StreamError:
    """Translate what libxml2 did not like (RFC 6120 §4.9.3)."""
    condition = _CONDITIONS.get(getattr(error, "code", 0), StreamCondition.NOT_WELL_FORMED)
    return StreamError(condition, _TEXTS.get(condition, "This is not well-formed XML"))


_TEXTS: Final = {
    StreamCondition.UNSUPPORTED_ENCODING: "This is not UTF-8",
    StreamCondition.RESTRICTED_XML: "Entities are not allowed here",
    StreamCondition.BAD_NAMESPACE_PREFIX: "A namespace prefix was not declared",
    StreamCondition.POLICY_VIOLATION: "A name or text in this XML is too long",
}


def is_within(data: bytes, root: Element, limits: "Limits") -> bool:
    """Say whether well-formed `data`, parsed below `root`, keeps to depth and attributes."""
    # Neither can be exceeded without this many bytes, and of certain ones; only then look closer.
    size = len(data)
    may_be_deep = size > _LEAST_ELEMENT * limits.depth and data.count(b"<") > 2 * limits.depth
    if may_be_deep and _deeper_than(limits.depth)(root):
        return False
    if size > _LEAST_ATTRIBUTE * limits.attributes and data.count(b"=") > limits.attributes:
        return _widest(data, limits) <= limits.attributes
    return True


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    """Ask whether below the wrapping root there is an element at depth + 1."""
    return etree.XPath("boolean(/*" + "/*" * (depth + 1) + ")")


def _widest(data: bytes, limits: "Limits") -> int:
    """Count the attributes of the element that has most, if that could be too many."""
    most = 0
    for part in data.split(b"<"):
        if part.count(b"=") > limits.attributes:
            most = max(most, _attributes(part))
    return most


def _attributes(tag: bytes) -> int:
    count = 0
    match = _NAME(tag)
    while match is not None and (match := _ATTRIBUTE(tag, match.end())) is not None:
        count += 1
    return count
