"""The opening tag of a stream (RFC 6120 §4.7, §4.8)."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from server.element import Element, escape
from server.errors import StreamCondition, StreamError
from server.stream.markup import SPACE, is_within, refusal
from server.stream.reader import parse
from server.stream.scanner import Scanner, is_utf8_lead

if TYPE_CHECKING:
    from collections.abc import Collection

    from server.stream.limits import Limits

NS_STREAM: Final = "http://etherx.jabber.org/streams"

# Shared by nearly all streams, for there may be very many of them.
_USUAL_PREFIXES: Final = (("stream", NS_STREAM),)
_USUAL_NAME: Final = b"stream:stream"

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_DECLARATION: Final = b"<?xml"
_LONGEST_DECLARATION: Final = 256
_LONGEST_HEADER: Final = 10_000

_declaration = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:'1\.[0-9]+'|\"1\.[0-9]+\")"
    rb"(?:\s+encoding\s*=\s*(?:'(?P<single>[A-Za-z0-9._-]+)'|\"(?P<double>[A-Za-z0-9._-]+)\"))?"
    rb"(?:\s+standalone\s*=\s*(?:'(?:yes|no)'|\"(?:yes|no)\"))?\s*\?>"
).fullmatch
_version = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})").fullmatch
_name = re.compile(rb"<([^\s/>]+)").match


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What the peer said when it opened the stream."""

    to: str | None
    from_: str | None
    id: str | None
    lang: str | None
    #: (0, 0) when the peer gave none, or one that cannot be read (RFC 6120 §4.7.5)
    version: tuple[int, int]
    #: The content namespace as declared: jabber:client, jabber:server…
    namespace: str
    #: The default namespace, which may also be that of streams (RFC 6120 §4.8.3).
    default: str | None
    #: All prefixes and what they stand for.
    prefixes: tuple[tuple[str, str], ...]
    #: The tag as written, `stream:stream` as a rule.
    name: bytes


class Prologue:
    """Reads from the first byte of a stream to the end of its header."""

    __slots__ = ("_declared", "_scanner")

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._declared = False

    def receive(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Give the opening tag and what came after it, once it is complete.

        Raises StreamError.
        """
        buffer = self._scanner.buffer
        buffer += data
        if not self._declared and not self._declaration(buffer):
            return None
        end = self._scanner.tag()
        if (end or len(buffer)) > _LONGEST_HEADER:
            raise StreamError(StreamCondition.POLICY_VIOLATION, "The stream header is too long")
        return (bytes(buffer[:end]), bytes(buffer[end:])) if end else None

    def _declaration(self, buffer: bytearray) -> bool:
        """Step over the XML declaration, if there is one; say whether that is known."""
        # COMPAT: white space that was meant to end the stream before a restart comes first here.
        del buffer[: len(buffer) - len(buffer.lstrip(SPACE))]
        if not buffer:
            return False
        _check_first(buffer)
        head = buffer[: len(_DECLARATION)]
        if head != _DECLARATION:
            self._declared = not _DECLARATION.startswith(head)
            return self._declared
        end = buffer.find(b"?>", 0, _LONGEST_DECLARATION) + 2
        if end > 1:
            _check_declaration(bytes(buffer[:end]))
            del buffer[:end]
            self._declared = True
        elif len(buffer) >= _LONGEST_DECLARATION:
            raise StreamError(StreamCondition.NOT_WELL_FORMED, "The XML declaration has no end")
        return self._declared


def _check_first(buffer: bytearray) -> None:
    """Refuse what is not UTF-8, or not XML, by its first two bytes."""
    if buffer[0] == 0x3C and buffer[1:2] != b"\0":
        return
    # Nothing but UTF-8 may be used (RFC 6120 §11.6); UTF-16 shows by its zero bytes or its mark.
    if 0 in buffer[:2] or not is_utf8_lead(buffer[0]):
        raise StreamError(StreamCondition.UNSUPPORTED_ENCODING, "This is not UTF-8")
    raise StreamError(StreamCondition.NOT_WELL_FORMED, "This does not begin like XML")


def _check_declaration(declaration: bytes) -> None:
    match = _declaration(declaration)
    if match is None:
        raise StreamError(StreamCondition.NOT_WELL_FORMED, "The XML declaration is malformed")
    encoding = match["single"] or match["double"] or b"utf-8"
    if encoding.lower() != b"utf-8":
        raise StreamError(StreamCondition.UNSUPPORTED_ENCODING, "Only UTF-8 is supported")


def parse_header(tag: bytes, namespaces: "Collection[str]", limits: "Limits") -> StreamHeader:
    """Read an opening tag whose content namespace is one of those given. Raises StreamError."""
    name = _name(tag)
    if name is None:
        raise StreamError(StreamCondition.NOT_WELL_FORMED, "This is no stream header")
    try:
        element = parse(tag.removesuffix(b">").removesuffix(b"/") + b"/>")
    except etree.XMLSyntaxError as error:
        raise refusal(error) from None
    _check_name(element)
    if not is_within(tag, element, limits):
        raise StreamError(StreamCondition.POLICY_VIOLATION, "Too much is declared here")
    declared: dict[str | None, str] = dict(element.nsmap)
    default = declared.pop(None, None)
    namespace = _content_namespace(default, declared.values(), namespaces)
    prefixes = tuple((str(prefix), uri) for prefix, uri in declared.items())
    return StreamHeader(
        to=element.get("to"),
        from_=element.get("from"),
        id=element.get("id"),
        lang=element.get(_LANG),
        version=_parse_version(element.get("version")),
        namespace=namespace,
        default=namespace if default == namespace else default,
        prefixes=_USUAL_PREFIXES if prefixes == _USUAL_PREFIXES else prefixes,
        name=_USUAL_NAME if name[1] == _USUAL_NAME else name[1],
    )


def _check_name(element: Element) -> None:
    """Insist on a `stream` in the stream namespace (RFC 6120 §4.8.1, §4.9.3.10)."""
    if element.tag == f"{{{NS_STREAM}}}stream":
        return
    if element.tag.rpartition("}")[2] == "stream":
        raise StreamError(StreamCondition.INVALID_NAMESPACE, "This is not the stream namespace")
    raise StreamError(StreamCondition.BAD_FORMAT, "The first element is not a stream")


def _content_namespace(
    default: str | None, prefixed: "Collection[str]", known: "Collection[str]"
) -> str:
    """Find the content namespace: the default one, or declared otherwise (RFC 6120 §4.8.3)."""
    for namespace in known:
        if namespace == default:
            return namespace
    if default == NS_STREAM:
        return next((namespace for namespace in prefixed if namespace in known), next(iter(known)))
    raise StreamError(
        StreamCondition.INVALID_NAMESPACE, "This content namespace is not served here"
    )


def _parse_version(text: str | None) -> tuple[int, int]:
    match = _version(text or "")
    return (int(match[1]), int(match[2])) if match else (0, 0)


def build_header(
    *,
    namespace: str = "jabber:client",
    to: str = "",
    from_: str = "",
    id: str = "",  # noqa: A002 - the name it has on the wire
    lang: str = "en",
    declarations: bytes = b"",
) -> bytes:
    """Give an XML declaration and an opening tag; empty attributes are left out.

    `declarations` are further ones, written out: b" xmlns:db='jabber:server:dialback'".
    """
    attributes = {"from": from_, "to": to, "id": id, "xml:lang": lang}
    return (
        b"<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='%s'%s%s version='1.0'>"
        % (
            namespace.encode(),
            NS_STREAM.encode(),
            declarations,
            b"".join(
                b" %s='%s'" % (name.encode(), escape(text))
                for name, text in attributes.items()
                if text
            ),
        )
    )
