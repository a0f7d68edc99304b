"""How a user wants to be notified of each chat: read in the own bookmarks (XEP-0492, XEP-0402)."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from server.element import Element

BOOKMARKS: Final = "urn:xmpp:bookmarks:1"
NS: Final = "urn:xmpp:notification-settings:1"
_MARK: Final = NS.encode()
_NOTIFY: Final = f".//{{{NS}}}notify"

#: What is notified through an app server is taken for a telephone.
_CATEGORY: Final = "client"
_TYPE: Final = "phone"


class Setting(enum.Enum):
    """Of which messages of a chat its user wants to be notified (§2.1)."""

    ALWAYS = "always"
    ON_MENTION = "on-mention"
    NEVER = "never"


def setting_in(bookmark: bytes) -> Setting:
    """What a bookmark says, serialised."""
    if _MARK not in bookmark:
        return Setting.ALWAYS
    try:
        notify = etree.fromstring(bookmark).find(_NOTIFY)
    except etree.XMLSyntaxError:
        return Setting.ALWAYS
    return Setting.ALWAYS if notify is None else setting_of(notify)


def setting_of(notify: Element) -> Setting:
    """What `<notify/>` says to a telephone.

    "applications … MUST use the element most specific to their own application identity" (§3)
    """
    best, found = 0, Setting.ALWAYS
    for setting in Setting:
        for element in notify.iterchildren(f"{{{NS}}}{setting.value}"):
            rank = _rank(element)
            if rank > best:
                best, found = rank, setting
    return found


def _rank(element: Element) -> int:
    """How closely a setting fits: not at all, for all, for clients, for telephones."""
    category, type_ = element.get("identity-category"), element.get("identity-type")
    if category is None:
        return 1
    if category != _CATEGORY:
        return 0
    if type_ is None:
        return 2
    return 3 if type_ == _TYPE else 0
