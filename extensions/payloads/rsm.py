"""Pages of long lists (XEP-0059)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.element import escape
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from server.element import Element

NS: Final = "http://jabber.org/protocol/rsm"
SET: Final = f"{{{NS}}}set"

#: Longest identifier of an item, and longest number, that is taken from the wire.
_ID_LIMIT: Final = 1023
_DIGITS_LIMIT: Final = 9


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for: `before=""` is the last one (§2.5), `max=0` only counts (§2.7)."""

    max: int | None = None
    after: str | None = None
    before: str | None = None
    index: int | None = None

    @property
    def is_backwards(self) -> bool:
        """Whether the page ends at a known place instead of beginning there (§2.3)."""
        return self.before is not None


def parse(parent: Element) -> Page:
    """The page a request wants; one without a `set` wants the first page."""
    found = parent.find(SET)
    if found is None:
        return Page()
    return Page(
        max=_number(found, "max"),
        after=_identifier(found, "after"),
        before=_identifier(found, "before"),
        index=_number(found, "index"),
    )


def build(
    first: str | None = None, last: str | None = None,
    index: int | None = None, count: int | None = None,
) -> bytes:  # fmt: skip
    """What a page holds; `first` and `last` are None for an empty one.

    "If there are no items in the page, then the <first/> and <last/> elements MUST NOT be
    included" (§2.2).
    """
    parts = [b"<set xmlns='http://jabber.org/protocol/rsm'>"]
    if first is not None and last is not None:
        position = b"" if index is None else b" index='%d'" % index
        parts.append(b"<first%s>%s</first>" % (position, escape(first)))
        parts.append(b"<last>%s</last>" % escape(last))
    if count is not None:
        parts.append(b"<count>%d</count>" % count)
    parts.append(b"</set>")
    return b"".join(parts)


def _number(found: Element, name: str) -> int | None:
    child = found.find(f"{{{NS}}}{name}")
    if child is None:
        return None
    text = (child.text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_LIMIT):
        raise StanzaError(Condition.BAD_REQUEST, f"<{name}/> must hold a number from 0 on")
    return int(text)


def _identifier(found: Element, name: str) -> str | None:
    child = found.find(f"{{{NS}}}{name}")
    if child is None:
        return None
    text = child.text or ""
    if len(text) > _ID_LIMIT:
        raise StanzaError(Condition.BAD_REQUEST, f"The identifier in <{name}/> is too long")
    return text
