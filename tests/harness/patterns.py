"""What a test expects to get, written as XML that needs to say only what matters.

An element is like a pattern if it has the pattern's name, attributes, text and children, children
in the same order; it may have more attributes and children. As the value of an attribute, `…`
stands for anything, and an empty value says that the attribute must be absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from server.element import Element

ANY = "…"


def parse(pattern: str) -> Element:
    """Read a pattern, as a stanza of a client stream."""
    around = (
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        f"{pattern}</stream:stream>"
    )
    return etree.fromstring(around)[0]


def difference(pattern: Element, element: Element) -> str:
    """What of the pattern the element has not; empty if it is like it."""
    if pattern.tag != element.tag:
        return f"{element.tag!r} instead of {pattern.tag!r}"
    for name, wanted in pattern.items():
        value = element.get(name)
        if wanted == ANY and value is not None:
            continue
        if (value or "") != wanted:
            return f"{name!s} is {value!r}"
    text = (pattern.text or "").strip()
    if text and text != (element.text or "").strip():
        return f"the text of {element.tag!r} is {element.text!r}"
    return _missing(pattern, element)


def _missing(pattern: Element, element: Element) -> str:
    """The first child that is missing, or what is wrong with the only one that could be it."""
    children = iter(element)
    for wanted in pattern:
        reasons = []
        for child in children:
            reason = difference(wanted, child)
            if not reason:
                break
            reasons.append(reason)
        else:
            return "; ".join(reasons) or f"there is no {wanted.tag!r}"
    return ""


def show(element: Element) -> str:
    """The element as text."""
    return etree.tostring(element, encoding="unicode", with_tail=False)
