"""What may be asked of private storage, and how much may be in it (XEP-0049 §2.3, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.element import Element

NS: Final = "jabber:iq:private"

#: The most bytes of one account, and the most different tags.
MOST_BYTES: Final = 1 << 20
MOST_TAGS: Final = 200
#: The longest name of an element with its namespace.
_LONGEST_TAG: Final = 512


def parse_set(query: Element) -> dict[str, bytes]:
    """What a client wants stored, by tag; elements of one tag are kept together.

    "At least one child element with a proper namespace MUST be included; otherwise the server MUST
    respond with a "Not Acceptable" error".
    """
    children = _children(query)
    if not children:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "There is nothing to store")
    contents: dict[str, list[bytes]] = {}
    left = MOST_BYTES
    for child in children:
        _check(child)
        # Each repeats the namespaces that are declared around it: gigabytes in one stanza, else.
        text: bytes = etree.tostring(child, encoding="utf-8", with_tail=False)
        left -= len(text)
        if left < 0:
            raise _no_room()
        contents.setdefault(child.tag, []).append(text)
    return {tag: b"".join(texts) for tag, texts in contents.items()}


def parse_get(query: Element) -> list[str]:
    """The tags a client asks for.

    "A client MUST NOT query for more than one namespace in a single IQ get request."
    """
    children = _children(query)
    if not children:
        raise StanzaError(Condition.BAD_REQUEST, "Say what you want to have")
    for child in children:
        _check(child)
    if len({etree.QName(child).namespace for child in children}) > 1:
        raise StanzaError(Condition.BAD_REQUEST, "One namespace at a time")
    tags = list(dict.fromkeys(child.tag for child in children))
    if len(tags) > MOST_TAGS:
        raise StanzaError(Condition.BAD_REQUEST, "These are more elements than there can be")
    return tags


def check_room(stored: Mapping[str, int], added: Mapping[str, bytes]) -> None:
    """Refuse what there is no room for."""
    after = dict(stored) | {tag: len(content) for tag, content in added.items()}
    if len(after) > MOST_TAGS or sum(after.values()) > MOST_BYTES:
        raise _no_room()


def _no_room() -> StanzaError:
    return StanzaError(Condition.RESOURCE_CONSTRAINT, "There is no room for so much")


def _children(query: Element) -> list[Element]:
    return [child for child in query if isinstance(child.tag, str)]


def _check(child: Element) -> None:
    """Refuse what has no namespace of its own, and what is reserved (§2.3)."""
    namespace = etree.QName(child).namespace or ""
    if not namespace or namespace == "vcard-temp" or namespace.startswith(_RESERVED):
        raise StanzaError(Condition.NOT_ACCEPTABLE, "That namespace is not for private data")
    if len(child.tag) > _LONGEST_TAG:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "The name of the element is too long")


_RESERVED: Final = ("jabber:", "http://jabber.org/")
