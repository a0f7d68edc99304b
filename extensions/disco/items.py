"""Lists of items: disco#items (XEP-0030 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.element import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.jid import JID

_OPEN: Final = b"<query xmlns='http://jabber.org/protocol/disco#items'"


@dataclass(frozen=True, slots=True)
class Item:
    """Something an entity has: an address, or a node at an address."""

    jid: JID
    name: str = ""
    node: str = ""


def build_items(items: Iterable[Item], node: str | None = None, notation: bytes = b"") -> bytes:
    """The serialised answer; "if there are no items … an empty query element" (§4.1).

    `notation` says which page it is, if it is one (§9, XEP-0059).
    """
    mirrored = b"" if node is None else b" node='%s'" % escape(node)
    return b"%s%s>%s%s</query>" % (_OPEN, mirrored, b"".join(map(_build, items)), notation)


def _build(item: Item) -> bytes:
    name = b" name='%s'" % escape(item.name) if item.name else b""
    node = b" node='%s'" % escape(item.node) if item.node else b""
    return b"<item jid='%s'%s%s/>" % (item.jid.wire, node, name)
