"""Two forms of a bookmark, and how the one becomes the other (XEP-0402 §5.1, §5.3).

Native is one item for each room, with the room's address as its name; legacy is one list of all.
A legacy list knows less: what only the native form can hold is taken from the item that is there.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from server.element import E
from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.element import Element

NATIVE: Final = "urn:xmpp:bookmarks:1"
LEGACY: Final = "storage:bookmarks"
STORAGE: Final = f"{{{LEGACY}}}storage"
CONFERENCE: Final = f"{{{NATIVE}}}conference"
EXTENSIONS: Final = f"{{{NATIVE}}}extensions"

#: The most rooms in one list.
MOST: Final = 1000

_OLD: Final = f"{{{LEGACY}}}conference"
_TEXTS: Final = ("nick", "password")
_TRUE: Final = ("true", "1")


@dataclass(frozen=True, slots=True)
class Listing:
    """A legacy list: rooms by address, and what else is in it (pages of the web, say)."""

    rooms: Mapping[JID, Element]
    rest: tuple[bytes, ...]


def room_of(text: str | None) -> JID | None:
    """The address of a room, if it is one."""
    try:
        return JID.parse(text or "").bare
    except JIDMalformed:
        return None


def parse_listing(storage: Element) -> Listing:
    """Read a legacy list; of two bookmarks for one room the first counts."""
    rooms: dict[JID, Element] = {}
    rest = []
    for child in storage:
        room = room_of(child.get("jid")) if child.tag == _OLD else None
        if room is not None:
            rooms.setdefault(room, child)
        elif isinstance(child.tag, str):
            rest.append(canonical(child))
    if len(rooms) > MOST:
        raise StanzaError(Condition.NOT_ACCEPTABLE, f"There is room for {MOST} bookmarks")
    return Listing(rooms, tuple(rest))


def build_listing(natives: Mapping[JID, Element], rest: Iterable[bytes]) -> bytes:
    """All bookmarks as a legacy list (XEP-0402 §5.3.1)."""
    rooms = (canonical(to_legacy(room, native)) for room, native in natives.items())
    return b"<storage xmlns='storage:bookmarks'>%s</storage>" % b"".join((*rooms, *rest))


def is_same_listing(one: Listing, other: Listing) -> bool:
    """Whether two legacy lists say the same, in whatever order and spelling."""
    if one.rooms.keys() != other.rooms.keys() or sorted(one.rest) != sorted(other.rest):
        return False
    return all(is_same_room(one.rooms[room], other.rooms[room]) for room in one.rooms)


def is_same_room(one: Element, other: Element) -> bool:
    """Whether two bookmarks of the same form say the same."""
    # Mostly they are spelled alike, which is seen at once.
    return canonical(one) == canonical(other) or _meaning(one) == _meaning(other)


def to_legacy(room: JID, native: Element) -> Element:
    """One room of a legacy list; extensions go along, for clients that keep what they know not."""
    legacy = E(_OLD, {"jid": room})
    if native.get("name") is not None:
        legacy.set("name", native.get("name", ""))
    if native.get("autojoin") is not None:
        legacy.set("autojoin", "true" if native.get("autojoin") in _TRUE else "false")
    for name in _TEXTS:
        text = native.findtext(f"{{{NATIVE}}}{name}")
        if text:
            legacy.append(E(f"{{{LEGACY}}}{name}", None, text))
    extensions = native.find(EXTENSIONS)
    if extensions is not None:
        legacy.append(_copy(extensions))
    return legacy


def to_native(legacy: Element, existing: Element | None) -> Element | None:
    """What becomes of an item when a legacy list says this; None if nothing changes.

    "Servers … SHOULD NOT send notifications for unchanged items" (XEP-0402 §5.3.2).
    """
    native = E(CONFERENCE) if existing is None else deepcopy(existing)
    _set(native, "name", legacy.get("name"))
    wanted = legacy.get("autojoin") in _TRUE
    if wanted != (native.get("autojoin") in _TRUE):
        native.set("autojoin", "true" if wanted else "false")
    for name in _TEXTS:
        _set_text(native, name, legacy.findtext(f"{{{LEGACY}}}{name}"))
    _extend(native, legacy)
    if existing is not None and _meaning(native) == _meaning(existing):
        return None
    return native


def canonical(element: Element) -> bytes:
    """An element serialised such that the same is always the same."""
    text: bytes = etree.tostring(_copy(element), method="c14n", exclusive=True)
    return text


def _copy(element: Element) -> Element:
    copied = deepcopy(element)
    copied.tail = None
    return copied


def _set(element: Element, name: str, value: str | None) -> None:
    if value is not None:
        element.set(name, value)
    elif name in element.attrib:
        del element.attrib[name]


def _set_text(native: Element, name: str, text: str | None) -> None:
    child = native.find(f"{{{NATIVE}}}{name}")
    if text and child is not None:
        child.text = text
    elif text:
        native.insert(0 if name == "nick" else _after_nick(native), E(f"{{{NATIVE}}}{name}"))
        _set_text(native, name, text)
    elif child is not None:
        native.remove(child)


def _after_nick(native: Element) -> int:
    """Where the password stands: the schema wants an order (XEP-0402 §9)."""
    return 0 if native.find(f"{{{NATIVE}}}nick") is None else 1


def _extend(native: Element, legacy: Element) -> None:
    """Keep what clients have added to a bookmark, in either form.

    "Clients MUST preserve these (particularly preserving unknown elements)": legacy ones do not
    know that, so nothing that is there goes away.
    """
    carried = legacy.find(EXTENSIONS)
    additions = [] if carried is None else list(carried)
    additions += [child for child in legacy if _is_foreign(child)]
    kept = native.find(EXTENSIONS)
    known = set() if kept is None else {child.tag for child in kept}
    for child in additions:
        if not isinstance(child.tag, str) or child.tag in known:
            continue
        if kept is None:
            kept = E(EXTENSIONS)
            native.append(kept)
        kept.append(_copy(child))


def _is_foreign(child: Element) -> bool:
    return isinstance(child.tag, str) and etree.QName(child).namespace not in (LEGACY, NATIVE)


def _meaning(conference: Element) -> tuple[object, ...]:
    """What a bookmark says, of either form."""
    namespace = etree.QName(conference).namespace
    texts = (conference.findtext(f"{{{namespace}}}{name}") or "" for name in _TEXTS)
    extensions = conference.find(EXTENSIONS)
    kept = () if extensions is None else tuple(sorted(map(canonical, extensions)))
    return conference.get("name"), conference.get("autojoin") in _TRUE, *texts, kept
