"""What clients ask for, and what app servers are sent (XEP-0357 §5 to §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from extensions.payloads import forms
from extensions.payloads.forms import Field, Form
from extensions.push import tigase
from server.element import escape, to_bytes
from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from extensions.push.wants import Wants
    from server.element import Element

NS: Final = "urn:xmpp:push:0"
ENABLE: Final = f"{{{NS}}}enable"
DISABLE: Final = f"{{{NS}}}disable"
SUMMARY: Final = "urn:xmpp:push:summary"
PUBLISH_OPTIONS: Final = "http://jabber.org/protocol/pubsub#publish-options"

_NODE_LIMIT: Final = 1023
_OPTIONS_LIMIT: Final = 4096

_AFFILIATIONS: Final = frozenset(("none", "outcast"))


class Enable(NamedTuple):
    """A wish to be notified."""

    service: JID
    node: str
    options: bytes
    wants: Wants


def parse_enable(element: Element) -> Enable:
    """Read `<enable/>` (§5)."""
    form = element.find(forms.X)
    options = b""
    if form is not None:
        forms.submission(element, PUBLISH_OPTIONS)
        options = to_bytes(form)
        if len(options) > _OPTIONS_LIMIT:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "The publish options are too large")
    service, node = parse_target(element)
    return Enable(service, node or "", options, tigase.parse(element))


def parse_target(element: Element) -> tuple[JID, str | None]:
    """The service and the node of `<enable/>` or `<disable/>` (§5, §6).

    "which MUST contain a 'jid' attribute of the XMPP Push Service being enabled"
    """
    text = element.get("jid")
    if not text:
        raise StanzaError(Condition.BAD_REQUEST, "Say which service in the attribute jid")
    try:
        service = JID.parse(text)
    except JIDMalformed as wrong:
        raise StanzaError(Condition.JID_MALFORMED, str(wrong)) from None
    node = element.get("node")
    if node is not None and len(node) > _NODE_LIMIT:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "The name of the node is too long")
    return service, node


def revoked_node(element: Element) -> str | None:
    """The node that an app server's message says it takes nothing at any more (§8)."""
    pubsub = element.find("{http://jabber.org/protocol/pubsub}pubsub")
    if pubsub is None:
        return None
    affiliation = pubsub.find("{http://jabber.org/protocol/pubsub}affiliation")
    if affiliation is None or affiliation.get("affiliation") not in _AFFILIATIONS:
        return None
    return pubsub.get("node", "")


def summary(count: int, text: str, sender: str = "", *, asking: int = 0, asker: str = "") -> bytes:
    """What app servers are told (§7, §11.3); `asking` is how many want to be contacts.

    `text` stands for what was written, which is not told; COMPAT: app servers ring only when there
    is a text. `pending-subscription-from` is of an earlier version, and still known to some.
    """
    told = (
        ("message-count", str(count)),
        ("pending-subscription-count", str(asking) if asking else ""),
        ("pending-subscription-from", asker),
        ("last-message-sender", sender),
        ("last-message-body", text),
    )
    fields = (Field(var, (value,)) for var, value in told if value)
    return to_bytes(forms.build(Form("submit", forms.typed(SUMMARY, *fields))))


def publication(node: str, options: bytes, told: bytes, *, is_urgent: bool) -> bytes:
    """The request that notifies a device (§7); `told` is all that it says.

    "the XMPP server SHOULD mark high priority notifications" (`tigase:push:priority:0`): for a
    device that asked, all are; the others were never sent.
    """
    urgent = b"<priority xmlns='%s'>high</priority>" % tigase.PRIORITY.encode()
    # "the publish request SHOULD include the data as publish options"
    added = b"<publish-options>%s</publish-options>" % options if options else b""
    return (
        b"<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish%s><item>"
        b"<notification xmlns='urn:xmpp:push:0'>%s%s</notification></item></publish>%s</pubsub>"
    ) % (
        b" node='%s'" % escape(node) if node else b"", told, urgent if is_urgent else b"", added,
    )  # fmt: skip


def text_of(count: int, *, is_call: bool = False, asking: int = 0) -> str:
    """What is shown in the place of what was written; `asking` if it is about those who ask."""
    if is_call:
        return "Incoming call"
    if asking:
        return "1 contact request" if asking == 1 else f"{asking} contact requests"
    return "1 new message" if count == 1 else f"{count} new messages"
