"""Holds an element against what a transcript expects.

An element is like a pattern if it has its name, attributes, text and children, in any order, and
no other children. More children are allowed in messages, presences and errors, which servers
decorate, and wherever `…` stands in the pattern; inside `<not>` stands what must be absent. More
attributes are always allowed, but the type of a stanza must be absent if it is not written.

In attributes and text `*` stands for anything but nothing, `{name}` for a value that is known and
`{=name}` for anything, which is then known by that name; `|` stands between values of which any
will do. An attribute written as '' must be absent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from server.element import Element

MORE: Final = "…"
_CLIENT: Final = "{jabber:client}"
_STANZAS: Final = frozenset(_CLIENT + kind for kind in ("message", "presence", "iq"))
_OPEN: Final = frozenset(_CLIENT + kind for kind in ("message", "presence", "error"))
_NOT: Final = f"{_CLIENT}not"
_HOLE: Final = re.compile(r"\{([^{}]+)\}|(\*)")
_ANYTHING: Final = "(?:.|\n)+"


class Unknown(ValueError):
    """A name in braces that nobody has."""


def fill(text: str, values: dict[str, str]) -> str:
    """Put the values where their names stand in braces."""

    def value(hole: re.Match[str]) -> str:
        return _known(hole[1], values) if hole[1] else hole[0]

    return _HOLE.sub(value, text)


def difference(pattern: Element, element: Element, values: dict[str, str]) -> str:
    """What is not as it should be; when nothing is, values may have become known."""
    learned = dict(values)
    wrong = _differs(pattern, element, learned)
    if not wrong:
        values.update(learned)
    return wrong


def _differs(pattern: Element, element: Element, values: dict[str, str]) -> str:
    if pattern.tag != element.tag:
        return f"{element.tag} instead of {pattern.tag}"
    attributes = {str(name): str(value) for name, value in pattern.items()}
    if pattern.tag in _STANZAS:
        attributes.setdefault("type", "")
    for name, wanted in attributes.items():
        got = str(element.get(name, ""))
        if name == "type" and pattern.tag == f"{_CLIENT}message":
            # "If an application receives a message with no 'type' attribute … it MUST consider the
            # message to be of type 'normal'" (RFC 6121 §5.2.2)
            wanted, got = wanted or "normal", got or "normal"
        if not _fits(wanted, got, values):
            return f"{name} is {got!r} and not {wanted!r}"
    return _text_differs(pattern, element, values) or _children_differ(pattern, element, values)


def _text_differs(pattern: Element, element: Element, values: dict[str, str]) -> str:
    wanted = (pattern.text or "").replace(MORE, "").strip()
    got = (element.text or "").strip()
    if _fits(wanted, got, values) or (not wanted and _is_open(pattern)):
        return ""
    return f"the text of {element.tag} is {got!r} and not {wanted!r}"


def _children_differ(pattern: Element, element: Element, values: dict[str, str]) -> str:
    left = list(element)
    for wanted in pattern:
        if wanted.tag == _NOT:
            if any(not difference(each, child, values) for each in wanted for child in element):
                return f"what should be absent in {element.tag}"
            continue
        reasons = []
        for child in left:
            reason = difference(wanted, child, values)
            if not reason:
                left.remove(child)
                break
            reasons.append(reason)
        else:
            tried = "; ".join(reasons)
            return f"no {wanted.tag} in {element.tag}" + (f" ({tried})" if tried else "")
    if left and not _is_open(pattern):
        return f"{left[0].tag} too much in {element.tag}"
    return ""


def _is_open(pattern: Element) -> bool:
    """Whether more children are allowed."""
    texts = [pattern.text, *(child.tail for child in pattern)]
    if any(MORE in (text or "") for text in texts):
        return True
    is_error = pattern.tag in _STANZAS and pattern.get("type") == "error"
    return pattern.tag in _OPEN or is_error


def _fits(wanted: str, got: str, values: dict[str, str]) -> bool:
    return any(_is_like(choice, got, values) for choice in wanted.split("|"))


def _is_like(wanted: str, got: str, values: dict[str, str]) -> bool:
    if not _HOLE.search(wanted):
        return wanted == got
    form, end, names = "", 0, []
    for hole in _HOLE.finditer(wanted):
        form += re.escape(wanted[end : hole.start()])
        end = hole.end()
        if hole[2]:
            form += _ANYTHING
        elif hole[1].startswith("="):
            names.append(hole[1][1:])
            form += f"({_ANYTHING})"
        else:
            form += re.escape(_known(hole[1], values))
    match = re.fullmatch(form + re.escape(wanted[end:]), got)
    if match is not None:
        values.update(zip(names, match.groups(), strict=True))
    return match is not None


def _known(name: str, values: dict[str, str]) -> str:
    if name in values:
        return values[name]
    account, slash, resource = name.partition("/")
    if slash and account in values:
        return f"{values[account]}/{resource}"
    raise Unknown(f"nobody has said what {{{name}}} is")
