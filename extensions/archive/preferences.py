"""What an owner wants in the archive (XEP-0441 §2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed
from server.storage.preferences import ArchivePreferences, save

if TYPE_CHECKING:
    from server.element import Element

__all__ = ["ArchivePreferences", "build", "parse", "save"]

NS: Final = "urn:xmpp:mam:2"

#: "The 'default' attribute of the 'prefs' element MUST be one of the following values" (§2.1.1).
POLICIES: Final = frozenset(("always", "never", "roster"))

#: How many addresses a list may hold.
_LIST_LIMIT: Final = 1000


def parse(prefs: Element) -> ArchivePreferences:
    """The wishes in a request; missing lists are empty (§2.1.2, §2.1.3)."""
    policy = prefs.get("default", "")
    if policy not in POLICIES:
        raise StanzaError(Condition.BAD_REQUEST, "The default must be always, never or roster")
    return ArchivePreferences(policy, _parse_list(prefs, "always"), _parse_list(prefs, "never"))


def build(wishes: ArchivePreferences) -> bytes:
    """The answer: "the <always> and <never> MUST also be present (even if empty)" (§2.1)."""
    return b"<prefs xmlns='urn:xmpp:mam:2' default='%s'>%s%s</prefs>" % (
        wishes.policy.encode(),
        _build_list(b"always", wishes.always),
        _build_list(b"never", wishes.never),
    )


def _parse_list(prefs: Element, name: str) -> set[JID]:
    found = prefs.findall(f"{{{NS}}}{name}/{{{NS}}}jid")
    if len(found) > _LIST_LIMIT:
        raise StanzaError(Condition.POLICY_VIOLATION, f"At most {_LIST_LIMIT} addresses in a list")
    try:
        return {JID.parse((element.text or "").strip()) for element in found}
    except JIDMalformed:
        raise StanzaError(Condition.JID_MALFORMED, "The lists hold JIDs") from None


def _build_list(name: bytes, jids: set[JID]) -> bytes:
    inner = b"".join(b"<jid>%s</jid>" % jid.wire for jid in sorted(jids))
    return b"<%s>%s</%s>" % (name, inner, name)
