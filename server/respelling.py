"""Writes the content of a stanza that declares namespaces of its own.

What a client declares on the stanza itself must not be repeated on every child: a long name and
many children would make gigabytes of one stanza. So short declarations stand where they are needed
until a certain amount is spent; what comes then gets a prefix that is declared once, on the stanza.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from server.element import NS_CLIENT, escape

if TYPE_CHECKING:
    from server.element import Element

_XML: Final = "http://www.w3.org/XML/1998/namespace"

#: Bytes of namespace declarations within the content of one stanza.
ALLOWANCE: Final = 4096


def respell(element: Element) -> tuple[bytes, bytes]:
    """The declarations that the start tag needs, and the content that relies on them.

    The start tag must have jabber:client as its default namespace.
    """
    speller = _Speller()
    speller.content(element, NS_CLIENT)
    return speller.declarations(), b"".join(speller.parts)


class _Speller:
    """Gathers the pieces of one stanza's content."""

    __slots__ = ("_left", "_prefixes", "parts")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._prefixes: dict[str, bytes] = {}
        self._left = ALLOWANCE

    def content(self, element: Element, default: str) -> None:
        """Write what stands between the tags of an element, below this default namespace."""
        if element.text:
            self.parts.append(escape(element.text))
        for child in element:
            self._element(child, default)
            if child.tail:
                self.parts.append(escape(child.tail))

    def declarations(self) -> bytes:
        """The prefixes that were used."""
        return b"".join(
            b" xmlns:%s='%s'" % (prefix, escape(namespace))
            for namespace, prefix in self._prefixes.items()
        )

    def _element(self, element: Element, default: str) -> None:
        namespace, local = _split(element.tag)
        name, declaration = local, b""
        if namespace != default:
            if self._may_declare(namespace):
                declaration = b" xmlns='%s'" % escape(namespace)
                default = namespace
            else:
                name = self._prefixed(namespace, local)
        attributes = self._attributes(element)
        if element.text or len(element):
            self.parts.append(b"<%s%s%s>" % (name, declaration, attributes))
            self.content(element, default)
            self.parts.append(b"</%s>" % name)
        else:
            self.parts.append(b"<%s%s%s/>" % (name, declaration, attributes))

    def _attributes(self, element: Element) -> bytes:
        out = []
        for key, value in cast("list[tuple[str, str]]", element.items()):
            namespace, name = _split(key)
            if namespace:
                name = self._prefixed(namespace, name)
            out.append(b" %s='%s'" % (name, escape(value)))
        return b"".join(out)

    def _may_declare(self, namespace: str) -> bool:
        """Whether a default namespace may be declared here; no prefix stands for none at all."""
        if namespace in ("", NS_CLIENT):
            return True
        if namespace == _XML:
            return False
        self._left -= len(namespace)
        return self._left >= 0

    def _prefixed(self, namespace: str, local: bytes) -> bytes:
        if namespace == _XML:
            return b"xml:" + local
        prefix = self._prefixes.setdefault(namespace, b"n%d" % len(self._prefixes))
        return b"%s:%s" % (prefix, local)


def _split(name: str) -> tuple[str, bytes]:
    """Namespace and local name of `{namespace}name`."""
    if name[0] != "{":
        return "", name.encode()
    namespace, _, local = name[1:].partition("}")
    return namespace, local.encode()
