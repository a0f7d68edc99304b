"""Where elements begin and end in bytes that arrive piece by piece.

The scanner looks at every byte once, however small the pieces, and holds nothing but the bytes of
the element that is not complete yet. It does not judge what libxml2 will judge: a wrong cut is
possible only in XML that is not well-formed, and the parser then refuses the piece.
"""

import re
from typing import TYPE_CHECKING, Final

from server.errors import StreamCondition, StreamError
from server.stream.markup import SPACE

if TYPE_CHECKING:
    from server.stream.limits import Limits

TOO_BIG: Final = b"<stanza-too-big xmlns='urn:xmpp:errors'/>"

_CDATA: Final = b"<![CDATA["
_CDATA_END: Final = b"]]>"

# What comes next: text or a tag; the end of a tag; the end of a quoted value; of a CDATA section.
_TEXT, _TAG, _SINGLE, _DOUBLE, _SECTION = range(5)

_ENDS: Final = {
    _TAG: re.compile(rb"[<>\"']"),
    _SINGLE: re.compile(rb"[<']"),
    _DOUBLE: re.compile(rb"[<\"]"),
}
_NO_NAME: Final = SPACE + b">="
_SLASH, _QUESTION, _EXCLAMATION = b"/?!"

# Text, then a tag that is there from end to end: the usual case, in one step. What may follow what
# is told apart by its first byte, so there is never another way to match, and the time is linear.
# COMPAT: Python before 3.11.5 (Debian 12) matches possessive groups wrongly: sets only are that.
_WHOLE_TAG = re.compile(
    rb"[^<]*+<(?:(/)[^<>\"']*+>"
    rb"|[^!?/<>\"' \t\r\n=](?:[^/<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|/(?!>))*(?:(/)>|>))"
).match
_END, _EMPTY = 1, 2  # the groups that tell what it was; none matches for a start tag


class Scanner:
    """Cuts a stream into top-level elements."""

    __slots__ = ("_at", "_depth", "_start", "_state", "_tag", "buffer")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self._at = 0  # how far it has been looked at
        self._start = -1  # where the pending element begins; -1 between elements
        self._tag = 0  # where the pending tag begins
        self._state = _TEXT
        self._depth = 0

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is pending."""
        return not self.buffer

    @property
    def is_blank(self) -> bool:
        """Say whether nothing but white space is pending."""
        return not self.buffer.strip(SPACE)

    def element(self, limits: "Limits") -> bytes:
        """Take the next complete element, or the end tag of the stream; empty when there is none.

        Raises StreamError; the elements before it have been taken by then.
        """
        while True:
            if self._start >= 0 and self._state == _TEXT and self._run(limits):
                return self._take(self._at)
            end = self._limited_tag(limits)
            if not end:
                return b""
            step = self._step(end)
            self._check_depth(self._depth + (step >= 0), limits)
            self._depth += step
            if self._depth <= 0:
                return self._take(end)

    def _run(self, limits: "Limits") -> bool:
        """Step over all tags that are there whole; say whether the last one ended the element."""
        buffer = self.buffer
        while (match := _WHOLE_TAG(buffer, self._at)) is not None:
            self._at = match.end()
            kind = match.lastindex
            if kind == _END:
                self._depth -= 1
                if not self._depth:
                    self._check_size(self._at, limits)
                    return True
            elif self._depth >= limits.depth:
                self._check_size(self._at, limits)
                self._check_depth(self._depth + 1, limits)
            elif kind != _EMPTY:
                self._depth += 1
        return False

    def _check_depth(self, depth: int, limits: "Limits") -> None:
        if depth > limits.depth:
            raise StreamError(StreamCondition.POLICY_VIOLATION, "Elements are nested too deep")

    def _limited_tag(self, limits: "Limits") -> int:
        """Find the end of the next tag, unless the element has grown too big before it."""
        try:
            end = self.tag()
        except StreamError:
            # Byte by byte, the size would have been noticed before the byte that is wrong.
            self._check_size(self._at - 1, limits)
            raise
        self._check_size(end or len(self.buffer), limits)
        return end

    def _step(self, end: int) -> int:
        """Say by how much the tag that ends here changes the depth."""
        if self.buffer[self._tag + 1] == _SLASH:
            return -1
        return 0 if self.buffer[end - 2] == _SLASH else 1

    def _check_size(self, end: int, limits: "Limits") -> None:
        if self._start >= 0 and end - self._start > limits.size:
            raise StreamError(
                StreamCondition.POLICY_VIOLATION,
                f"A stanza may not be longer than {limits.size} bytes",
                application=TOO_BIG,
            )

    def _take(self, end: int) -> bytes:
        element = bytes(self.buffer[self._start : end])
        del self.buffer[:end]
        self._at = 0
        self._start = -1
        self._depth = 0
        return element

    def tag(self) -> int:
        """Find the end of the next tag; 0 when it has not arrived yet."""
        while True:
            if self._state == _TEXT:
                if not self._text():
                    return 0
            elif self._state == _SECTION:
                if not self._section():
                    return 0
            else:
                match = _ENDS[self._state].search(self.buffer, self._at)
                if match is None:
                    self._at = len(self.buffer)
                    return 0
                self._at = match.end()
                if self._delimiter(self.buffer[self._at - 1]):
                    return self._at

    def _delimiter(self, byte: int) -> bool:
        """Step over the end of a tag or a quote; say whether the tag is complete."""
        if byte == 0x3C:
            raise StreamError(StreamCondition.NOT_WELL_FORMED, "A tag was not closed")
        if self._state != _TAG:
            self._state = _TAG
        elif byte == 0x3E:
            self._state = _TEXT
            return True
        else:
            self._state = _SINGLE if byte == 0x27 else _DOUBLE
        return False

    def _text(self) -> bool:
        """Step over text to the inside of a tag or section; say whether there is one."""
        found = self.buffer.find(b"<", self._at)
        if self._depth == 0 and self._start < 0:
            self._between(found)
            found = 0 if found >= 0 else -1
        if found < 0:
            self._at = len(self.buffer)
            return False
        return self._open(found)

    def _between(self, found: int) -> None:
        """Drop the white space before an element (RFC 6120 §4.6.1, §11.7)."""
        end = found if found >= 0 else len(self.buffer)
        stray = self.buffer[:end].strip(SPACE)
        if stray:
            if is_utf8_lead(stray[0]):
                raise StreamError(StreamCondition.BAD_FORMAT, "Text between stanzas")
            raise StreamError(StreamCondition.UNSUPPORTED_ENCODING, "This is not UTF-8")
        del self.buffer[:end]
        self._at = 0

    def _open(self, found: int) -> bool:
        """Look at what follows a `<`; say whether enough has arrived to tell."""
        self._at = found
        head = self.buffer[found : found + len(_CDATA)]
        if len(head) < 2:
            return False
        if head[1] == _QUESTION:
            self._at += 2
            raise StreamError(
                StreamCondition.RESTRICTED_XML, "Processing instructions are not allowed here"
            )
        if head[1] == _EXCLAMATION:
            return self._enter_section(head)
        if head[1] in _NO_NAME:
            self._at += 2
            raise StreamError(StreamCondition.NOT_WELL_FORMED, "A tag without a name")
        self._tag = found
        if self._start < 0:
            self._start = found
        self._at = found + 1
        self._state = _TAG
        return True

    def _enter_section(self, head: bytearray) -> bool:
        if not _CDATA.startswith(head):
            while not _CDATA.startswith(head):
                head.pop()
            self._at += len(head) + 1
            raise StreamError(
                StreamCondition.RESTRICTED_XML, "Comments and declarations are not allowed here"
            )
        if len(head) < len(_CDATA):
            return False
        if self._start < 0:
            raise StreamError(StreamCondition.BAD_FORMAT, "Text between stanzas")
        self._at += len(_CDATA)
        self._state = _SECTION
        return True

    def _section(self) -> bool:
        """Step over the end of a CDATA section; say whether it has arrived."""
        found = self.buffer.find(_CDATA_END, self._at)
        if found < 0:
            self._at = max(self._at, len(self.buffer) - 2)
            return False
        self._at = found + len(_CDATA_END)
        self._state = _TEXT
        return True


def is_utf8_lead(byte: int) -> bool:
    """Say whether a character in UTF-8 may begin with this byte."""
    return byte < 0x80 or 0xC2 <= byte <= 0xF4
