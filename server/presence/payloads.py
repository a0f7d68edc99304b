"""What stands in a presence that the server itself reads (RFC 6121 §4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from server.element import Element

SHOW: Final = "{jabber:client}show"
PRIORITY: Final = "{jabber:client}priority"

#: The values of `<show/>` (RFC 6121 §4.7.2.1); absent means available and nothing more to say.
SHOWS: Final = frozenset(("away", "chat", "dnd", "xa"))

#: The longest text that can be a priority: "-128", with some room for white space around it.
_LONGEST: Final = 16


def priority_of(presence: Element) -> int:
    """The priority, from −128 to 127 (RFC 6121 §4.7.2.3).

    "If no priority is provided, the processing server or client MUST consider the priority to be
    zero"; one that is not an integer of that range is as good as none.
    """
    text = presence.findtext(PRIORITY)
    if text is None or len(text) > _LONGEST:
        return 0
    text = text.strip()
    digits = text[1:] if text[:1] in {"-", "+"} else text
    if not (digits.isascii() and digits.isdigit()):
        return 0
    value = int(text)
    return value if -128 <= value <= 127 else 0


def show_of(presence: Element) -> str:
    """The kind of availability, "" for plainly available or a value that does not exist."""
    text = (presence.findtext(SHOW) or "").strip()
    return text if text in SHOWS else ""
