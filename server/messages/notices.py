"""What senders are told about messages that nobody fetched in time; pure building of stanzas.

There is no specification for it but XEP-0079's `expire-at`, which no client uses. The sender's
devices that are online get an error for each message, as if it had been refused at once; and since
those that sent it may be gone for good, the account gets one plain message for each conversation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from server import delay
from server.element import NS_CLIENT, E, escape
from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed
from server.messages.rules import ARCHIVE, disposition
from server.stanza import BODY, Stanza, qualify

if TYPE_CHECKING:
    from server.element import Element

_DAY: Final = 86_400
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)

#: What a client says by itself: nobody waits for an answer to it.
_AUTOMATIC: Final = frozenset(
    (
        "{urn:xmpp:receipts}received",
        "{urn:xmpp:chat-markers:0}received",
        "{urn:xmpp:chat-markers:0}displayed",
        "{urn:xmpp:chat-markers:0}acknowledged",
    )
)


def read(wire: bytes) -> Stanza | None:
    """A stored message; None if it cannot be read, which would be a fault of ours."""
    try:
        element: Element = etree.fromstring(qualify(wire), _PARSER)
        to, sender = element.get("to"), element.get("from")
        if to is None or sender is None:
            return None
        return Stanza("message", element, JID.parse(to), JID.parse(sender))
    except (etree.XMLSyntaxError, JIDMalformed, ValueError):
        return None


def is_worth_telling(message: Stanza) -> bool:
    """Whether somebody who wrote this message wants to know that it was never fetched.

    Not the server itself, not the account about a note to itself, and not a client about what it
    sends by itself.
    """
    if not message.from_.local or message.to is None or message.from_.bare == message.to.bare:
        return False
    if not disposition(message) & ARCHIVE:
        return False
    return BODY in message.payloads or _AUTOMATIC.isdisjoint(message.payloads)


def failure(message: Stanza, unix_ms: int, seconds: float) -> bytes:
    """The error for the sender's devices; `unix_ms` is when the message was sent."""
    assert message.to is not None
    error = StanzaError(
        Condition.RECIPIENT_UNAVAILABLE,
        f"No device of {message.to.bare} has fetched this message within {length(seconds)}",
    )
    return b"<message type='error'%s from='%s' to='%s'>%s%s</message>" % (
        b"" if message.id is None else b" id='%s'" % escape(message.id),
        message.to.wire,
        message.from_.bare.wire,
        error.build(),
        delay.build(unix_ms),
    )


def letter(host: JID, sender: JID, recipient: JID, name: str, seconds: float) -> Stanza:
    """The plain message from the server to the sender's account; `name` is its identifier."""
    text = (
        f"What you wrote to {recipient} was not delivered: no device of that account has fetched"
        f" it within {length(seconds)}."
    )
    element = E(f"{{{NS_CLIENT}}}message", {"type": "normal", "id": name}, E(BODY, {}, text))
    return Stanza("message", element, sender, host)


def length(seconds: float) -> str:
    """A length of time in words."""
    for size, word in ((_DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size or seconds == size:
            number = round(seconds / size)
            return f"{number} {word if number != 1 else word[:-1]}"
    return f"{round(seconds)} seconds"
