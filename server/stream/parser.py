"""Bytes of a stream to stanzas, without I/O (RFC 6120 §4, §11).

A chunk that holds only whole stanzas, which is nearly every chunk, is wrapped in a root element
and parsed in one go. Anything else goes to a scanner that cuts it into single stanzas and keeps
the bytes of the one that is incomplete; an idle stream has neither parser nor buffer. Stanzas,
errors and their order do not depend on how the stream was cut into chunks.
"""

from typing import TYPE_CHECKING, Final

from lxml import etree

from server.element import NS_CLIENT, Element, escape
from server.errors import StreamCondition, StreamError
from server.stream.header import NS_STREAM, Prologue, StreamHeader, parse_header
from server.stream.markup import SPACE, is_within, refusal
from server.stream.reader import parse
from server.stream.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Collection

    from server.stream.limits import Limits

_OPEN: Final = b"<s xmlns='jabber:client'>"
_OPEN_STREAM: Final = b"<s xmlns='%s'>" % NS_STREAM.encode()
_CLOSE: Final = b"</s>"
_WHITE: Final = " \t\r\n"
_GREATER: Final = 0x3E
#: Ends of elements after which a chunk is likely cut well, and how far from its end to look.
_ENDS: Final = (b"</message>", b"</iq>", b"</presence>")
_TAIL: Final = 8_192


class StreamParser:
    """Reads one direction of one stream.

    `feed` never raises: what is wrong with the input stands in `error` afterwards, and the stanzas
    before it are still returned. Elements come out attached to a root that nobody else uses, with
    the white space that followed them as their tail. Whatever content namespace the stream
    declared as its default, its elements come out in jabber:client.
    """

    __slots__ = ("_namespaces", "_open", "_prologue", "_scanner", "closed", "error", "header",
                 "limits")  # fmt: skip

    def __init__(self, limits: "Limits", namespaces: "Collection[str]" = (NS_CLIENT,)) -> None:
        """`namespaces` are the content namespaces that the peer may choose from."""
        self.limits = limits
        self._namespaces = namespaces
        self.reset()

    def reset(self) -> None:
        """Expect a new stream header; what was pending is dropped (RFC 6120 §4.3.3)."""
        self.header: StreamHeader | None = None
        self.closed = False
        self.error: StreamError | None = None
        self._open: bytes | None = None
        self._scanner: Scanner | None = None
        self._prologue: Prologue | None = None

    @property
    def is_pending(self) -> bool:
        """Say whether bytes of something incomplete are waiting."""
        return self._scanner is not None or self._prologue is not None

    def feed(self, data: bytes) -> list[Element]:
        """Take bytes; give the elements that they complete."""
        if self._scanner is None and self._open is not None:
            elements = self._parse_whole(data)
            if elements is not None:
                return elements
        if self.error is not None or self.closed:
            return []
        elements = []
        try:
            self._receive(data, elements)
        except StreamError as error:
            self.error = error
            self._open = self._scanner = self._prologue = None
        return elements

    # -- the straight path --

    def _parse_whole(self, data: bytes) -> list[Element] | None:
        """Parse a chunk of whole stanzas in one go; None when it is not one, or not a good one."""
        if not data or data[-1] != _GREATER:
            if not data.strip(SPACE):
                return []
            if not data.rstrip(SPACE).endswith(b">"):
                return None
        limits = self.limits
        if len(data) > limits.size or _is_special(data):
            return None
        try:
            root = parse(self._open + data + _CLOSE)  # type: ignore[operator]
        except etree.XMLSyntaxError:
            return None
        elements = list(root)
        if root.text is not None and _is_stray(root.text, data):
            return None
        for element in elements:
            if element.tail is not None and _is_stray(element.tail, data):
                return None
        return elements if is_within(data, root, limits) else None

    # -- everything else --

    def _receive(self, data: bytes, elements: list[Element]) -> None:
        if self._open is None:
            rest = self._receive_header(data)
            if not rest:
                return
            data = rest
        scanner = self._scanner
        if scanner is None:
            data = self._parse_most(data, elements)
            scanner = Scanner()
        scanner.buffer += data
        self._scan(scanner, elements)

    def _receive_header(self, data: bytes) -> bytes:
        """Read on to the end of the header; give what follows it."""
        if self._prologue is None:
            if not data.strip(SPACE):
                return b""
            self._prologue = Prologue()
        complete = self._prologue.receive(data)
        if complete is None:
            return b""
        tag, rest = complete
        self._prologue = None
        self.header = parse_header(tag, self._namespaces, self.limits)
        if tag.endswith(b"/>"):
            self.closed = True
            return b""
        self._open = _OPEN_STREAM if self.header.default == NS_STREAM else _OPEN
        return rest

    def _parse_most(self, data: bytes, elements: list[Element]) -> bytes:
        """Parse up to what looks like the end of the last whole stanza; give the remainder.

        The guess costs one attempt and cannot be wrong: only a well-formed sequence of whole
        elements passes.
        """
        tail = max(0, len(data) - _TAIL)
        found, end = max((data.rfind(end, tail), end) for end in _ENDS)
        whole = self._parse_whole(data[: found + len(end)]) if found >= 0 else None
        if whole is None:
            return data
        elements += whole
        return data[found + len(end) :]

    def _scan(self, scanner: Scanner, elements: list[Element]) -> None:
        """Take single elements as long as there are complete ones."""
        self._scanner = scanner
        straight = True
        while piece := scanner.element(self.limits):
            if piece.startswith(b"</"):
                self._close(piece)
                return
            elements.append(self._parse_single(piece))
            if straight and scanner.buffer:
                # Once for each chunk: what follows a stanza that was cut is whole again, mostly.
                straight = False
                rest = self._parse_most(bytes(scanner.buffer), elements)
                scanner.buffer[:] = rest
        if scanner.is_idle:
            self._scanner = None

    def _close(self, tag: bytes) -> None:
        header = self.header
        if header is None or tag[2:-1].rstrip(SPACE) != header.name:
            raise StreamError(StreamCondition.NOT_WELL_FORMED, "An end tag without its start")
        self.closed = True
        self._open = self._scanner = None

    def _parse_single(self, piece: bytes) -> Element:
        try:
            root = parse(self._wrapper(piece) + piece + _CLOSE)
        except etree.XMLSyntaxError as error:
            raise refusal(error) from None
        if not is_within(piece, root, self.limits):
            raise StreamError(
                StreamCondition.POLICY_VIOLATION, "An element has too many attributes"
            )
        return root[0]

    def _wrapper(self, piece: bytes) -> bytes:
        """Give a start tag with the prefixes that a stanza has from the header (RFC 6120 §4.8.5).

        They are not declared for every stanza, as each would carry them on when serialised.
        """
        assert self._open is not None
        assert self.header is not None
        used = b"".join(
            b" xmlns:%s='%s'" % (name, escape(uri))
            for prefix, uri in self.header.prefixes
            if (name := prefix.encode()) + b":" in piece
        )
        return self._open[:-1] + used + b">" if used else self._open


def _is_special(data: bytes) -> bool:
    """Say whether there is markup other than tags; single bytes are looked for much faster."""
    return (0x21 in data and b"<!" in data) or (0x3F in data and b"<?" in data)


def _is_stray(text: str, data: bytes) -> bool:
    """Say whether text between stanzas is more than white space, or hides behind references."""
    return b"&#" in data or bool(text.strip(_WHITE))
