"""XML elements: the type, escaping, and small builders."""

from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping

Element = etree._Element  # noqa: SLF001 - lxml offers no public name for its type

NS_CLIENT: Final = "jabber:client"

# What XML 1.0 cannot carry at all (§2.2) must not leave the house either.
_FORBIDDEN = (*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
_SPECIAL = str.maketrans(
    dict.fromkeys(map(chr, _FORBIDDEN), "\ufffd")
    | {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&apos;",
        # A parser folds these into spaces when they stand bare in an attribute.
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)

_UNFIT = dict.fromkeys({*_FORBIDDEN} - {*map(ord, "\t\n\r")})


def escape(text: str) -> bytes:
    """Give any text as UTF-8 that is safe in element text and in quoted attributes."""
    return text.translate(_SPECIAL).encode()


def is_xml(text: str) -> bool:
    """Whether XML can carry a text as it is."""
    return text.translate(_UNFIT) == text


def E(
    tag: str, attributes: "Mapping[str, str] | None" = None, /, *content: "Element | str"
) -> Element:
    """Build an element: tag as `{namespace}name`, attributes, then children and text in order."""
    namespace = tag[1:].partition("}")[0] if tag[0] == "{" else None
    element = etree.Element(tag, nsmap=_default(namespace))
    for name, value in (attributes or {}).items():
        element.set(name, value)
    for part in content:
        _add(element, part)
    return element


def _default(namespace: str | None) -> dict[str, str] | None:
    """Declare a default namespace (whose prefix is None, which the type stubs do not know)."""
    return {None: namespace} if namespace else None  # type: ignore[dict-item]


def _add(element: Element, part: "Element | str") -> None:
    if not isinstance(part, str):
        element.append(part)
    elif len(element):
        last = element[-1]
        last.tail = (last.tail or "") + part
    else:
        element.text = (element.text or "") + part


def to_bytes(element: Element) -> bytes:
    """Serialise for a stream whose default namespace is jabber:client."""
    text: bytes = etree.tostring(element, encoding="utf-8", with_tail=False)
    # libxml2 escapes “>” and “"” in attributes, so neither search can be deceived.
    cut = text.find(_DEFAULT, 0, text.find(b">"))
    return text if cut < 0 else text[:cut] + text[cut + len(_DEFAULT) :]


_DEFAULT: Final = b' xmlns="jabber:client"'
