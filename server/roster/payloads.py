"""The `jabber:iq:roster` query: parsed from clients, built for them (RFC 6121 §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.element import escape
from server.jid import JID, JIDMalformed
from server.roster.errors import BadItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.element import Element
    from server.roster.item import RosterItem

NS: Final = "jabber:iq:roster"
QUERY: Final = f"{{{NS}}}query"
ITEM: Final = f"{{{NS}}}item"
GROUP: Final = f"{{{NS}}}group"

#: The stream feature that tells clients that rosters have versions (RFC 6121 §2.6.1).
VERSIONING_FEATURE: Final = b"<ver xmlns='urn:xmpp:features:rosterver'/>"

#: The stream feature that tells clients that requests can be approved beforehand (RFC 6121 §3.4).
PRE_APPROVAL_FEATURE: Final = b"<sub xmlns='urn:xmpp:features:pre-approval'/>"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a client wants of one contact: a name and groups, or its removal (RFC 6121 §2.3, §2.5).

    `name` is `None` where the attribute is absent. The `ask` and `approved` attributes, and every
    `subscription` but `remove`, are the server's to set: it MUST ignore them (§2.1.2).
    """

    jid: JID
    name: str | None = None
    groups: tuple[str, ...] = ()
    remove: bool = False


def parse_version(query: Element) -> str | None:
    """The version a client has, "" if it has none but wants versions, else `None` (§2.6.2)."""
    return query.get("ver")


def parse_edit(query: Element) -> Edit:
    """Read a roster set (RFC 6121 §2.1.5)."""
    items = query.findall(ITEM)
    # In a roster set the query MUST NOT contain more than one item (§2.1.5).
    if len(items) != 1:
        raise BadItem("A roster change carries exactly one item")
    item = items[0]
    groups = tuple(group.text or "" for group in item.findall(GROUP))
    # §2.3.3: duplicate groups are a violation that is answered with bad-request.
    if len(set(groups)) != len(groups):
        raise BadItem("The same group is named twice")
    return Edit(
        _parse_jid(item.get("jid")),
        item.get("name"),
        groups,
        item.get("subscription") == "remove",
    )


def _parse_jid(text: str | None) -> JID:
    if text is None:
        raise BadItem("The item has no address")
    try:
        jid = JID.parse(text)
    except JIDMalformed as error:
        raise BadItem("The address of the item is not valid") from error
    if not jid.is_bare:
        raise BadItem("Contacts have bare addresses, without a resource")
    return jid


def build_item(item: RosterItem) -> bytes:
    """Serialise one contact as a client sees it."""
    start = b"<item jid='%s' subscription='%s'%s%s%s" % (
        item.jid.wire,
        item.subscription.encode(),
        b" ask='subscribe'" if item.ask else b"",
        b" approved='true'" if item.approved else b"",
        b" name='%s'" % escape(item.name) if item.name else b"",
    )
    if not item.groups:
        return start + b"/>"
    groups = b"".join(b"<group>%s</group>" % escape(group) for group in item.groups)
    return b"%s>%s</item>" % (start, groups)


def build_roster(items: Iterable[RosterItem], version: str) -> bytes:
    """Serialise a whole roster (RFC 6121 §2.1.4), leaving out requests the user has yet to see."""
    return _build_query(b"".join(build_item(item) for item in items if item.listed), version)


def build_push(item: RosterItem, version: str) -> bytes:
    """Serialise the news of one contact (RFC 6121 §2.1.6)."""
    return _build_query(build_item(item), version)


def build_removal(jid: JID, version: str) -> bytes:
    """Serialise the news that a contact has gone (RFC 6121 §2.5.2)."""
    return _build_query(b"<item jid='%s' subscription='remove'/>" % jid.wire, version)


def _build_query(content: bytes, version: str) -> bytes:
    # "the server MUST include the updated roster version with each roster push" (§2.6.3)
    return b"<query xmlns='%s' ver='%s'>%s</query>" % (NS.encode(), escape(version), content)
