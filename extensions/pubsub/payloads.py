"""What requests of publish-subscribe look like, and the pieces of answers and events (XEP-0060)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from extensions.payloads import forms
from extensions.pubsub import errors
from extensions.pubsub.configuration import PUBLISH_OPTIONS
from server.element import escape
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extensions.pubsub.rows import ItemRow
    from server.element import Element

NS: Final = "http://jabber.org/protocol/pubsub"
NS_OWNER: Final = f"{NS}#owner"
NS_EVENT: Final = f"{NS}#event"
PUBSUB: Final = f"{{{NS}}}pubsub"
PUBSUB_OWNER: Final = f"{{{NS_OWNER}}}pubsub"
SET: Final = "{http://jabber.org/protocol/rsm}set"

#: Longest name of a node or an item, in bytes, as of a resource (§4.6.1).
LONGEST: Final = 1023
#: And of an address that is kept with a node; more PostgreSQL does not take in an index.
LONGEST_ADDRESS: Final = 2560
#: How many items or people one request may name.
MOST: Final = 1000
#: How many nodes stand in a list of one's subscriptions or affiliations.
LISTED: Final = 10_000


def tag(name: str) -> str:
    """An element of the first namespace."""
    return f"{{{NS}}}{name}"


# -- reading --


def node_of(element: Element) -> str:
    """The node an element names; "" if none."""
    return _name(element.get("node", ""), "node")


def _name(text: str, of: str) -> str:
    if len(text.encode()) > LONGEST:
        raise errors.Malformed(f"The name of the {of} is too long")
    return text


def jid_of(element: Element) -> JID | None:
    """The address an element names."""
    text = element.get("jid", "")
    if not text:
        return None
    try:
        jid = JID.parse(text)
    except JIDMalformed:
        raise errors.InvalidJID("This is no address") from None
    if len(jid.encode()) > LONGEST_ADDRESS:
        raise errors.InvalidJID("There is no such long address")
    return jid


def flag(text: str | None) -> bool:
    """A boolean attribute."""
    return text in ("1", "true")


@dataclass(frozen=True, slots=True)
class Publication:
    """One item to be published; `payload` is serialised, and empty if there is none."""

    id: str
    payload: bytes


def parse_publication(publish: Element) -> Publication | None:
    """The item in a request to publish; None if it holds none (§7.1.1)."""
    items = publish.findall(tag("item"))
    if len(items) > 1:
        raise errors.Malformed("One item is published at a time")
    if not items:
        return None
    content = [child for child in items[0] if isinstance(child.tag, str)]
    if len(content) > 1:
        raise errors.InvalidPayload
    payload = serialise(content[0]) if content else b""
    return Publication(_name(items[0].get("id", ""), "item"), payload)


def serialise(payload: Element) -> bytes:
    """The content of an item, such that it means the same anywhere."""
    text: bytes = etree.tostring(payload, encoding="utf-8", with_tail=False)
    if payload.tag.startswith("{"):
        return text
    # Without a namespace of its own it would take that of its surroundings.
    return text if b" xmlns=" in text[: text.index(b">")] else _without_namespace(text)


def _without_namespace(text: bytes) -> bytes:
    end = min(i for i in (text.find(b" "), text.find(b">"), text.find(b"/")) if i > 0)
    return text[:end] + b" xmlns=''" + text[end:]


def parse_options(root: Element) -> forms.Form | None:
    """The preconditions of a publication (§7.1.5); None if there are none."""
    element = root.find(tag("publish-options"))
    if element is None:
        return None
    form = forms.submission(element, PUBLISH_OPTIONS)
    if form is None:
        raise errors.Malformed("Options come in a form")
    return form


def parse_ids(element: Element) -> list[str]:
    """The names of the items in a request."""
    items = element.findall(tag("item"))
    if len(items) > MOST:
        raise errors.Malformed("These are too many items")
    ids = [_name(item.get("id", ""), "item") for item in items]
    if not all(ids):
        raise errors.ItemRequired
    return ids


# -- writing --


def pubsub(content: bytes, namespace: str = NS) -> bytes:
    """An answer."""
    return b"<pubsub xmlns='%s'>%s</pubsub>" % (namespace.encode(), content)


def build_item(item: ItemRow, *, with_payload: bool = True, with_publisher: bool = False) -> bytes:
    """One item, of an answer or an event."""
    publisher = b" publisher='%s'" % escape(item.publisher) if with_publisher else b""
    if with_payload and item.payload:
        return b"<item id='%s'%s>%s</item>" % (escape(item.id), publisher, item.payload)
    return b"<item id='%s'%s/>" % (escape(item.id), publisher)


def build_items(node: str, content: bytes) -> bytes:
    """Items of a node."""
    if not content:
        return b"<items node='%s'/>" % escape(node)
    return b"<items node='%s'>%s</items>" % (escape(node), content)


def build_retractions(node: str, ids: Iterable[str]) -> bytes:
    """Items that are gone (§7.2.2.1)."""
    return build_items(node, b"".join(b"<retract id='%s'/>" % escape(each) for each in ids))


def build_subscription(node: str, jid: JID, state: str, *, with_node: bool = True) -> bytes:
    """One subscription."""
    named = b" node='%s'" % escape(node) if with_node else b""
    return b"<subscription%s jid='%s' subscription='%s'/>" % (named, jid.wire, state.encode())


def build_list(name: str, node: str, entries: Sequence[bytes]) -> bytes:
    """Subscriptions or affiliations, of one node or of all."""
    named = b" node='%s'" % escape(node) if node else b""
    tag_ = name.encode()
    return b"<%s%s>%s</%s>" % (tag_, named, b"".join(entries), tag_)
