"""What a message is worth to a device that sleeps; and what shows that a user has read."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from server.messages.rules import PENDING
from server.stanza import BODY

if TYPE_CHECKING:
    from server.jid import JID
    from server.stanza import Stanza


class Worth(enum.Enum):
    """What an arriving message does."""

    NOTHING = "it waits silently"
    MESSAGE = "the device is notified when it has waited a while"
    CALL = "the device is notified at once"
    CALL_ENDED = "there is nothing to answer any more"


def _tags(namespace: str, *names: str) -> frozenset[str]:
    return frozenset(f"{{{namespace}}}{name}" for name in names)


_JINGLE_MESSAGE: Final = "urn:xmpp:jingle-message:0"
_CALL_INVITES: Final = "urn:xmpp:call-invites:0"
_MARKERS: Final = "urn:xmpp:chat-markers:0"
_CHAT_STATES: Final = "http://jabber.org/protocol/chatstates"

#: XEP-0353 §3.1, XEP-0482 §2.1.
_CALLS: Final = _tags(_JINGLE_MESSAGE, "propose") | _tags(_CALL_INVITES, "invite")
_CALLS_ENDED: Final = _tags(_JINGLE_MESSAGE, "retract", "finish") | _tags(_CALL_INVITES, "retract")
_CALLS_ANSWERED: Final = _tags(_JINGLE_MESSAGE, "proceed", "accept", "reject") | _tags(
    _CALL_INVITES, "accept", "reject"
)

#: Messages about earlier messages, which often have a body for those who do not know better.
_QUIET: Final = frozenset().union(
    _tags("urn:xmpp:message-correct:0", "replace"),  # XEP-0308
    _tags("urn:xmpp:message-retract:1", "retract"),  # XEP-0424
    _tags("urn:xmpp:message-retract:0", "retract"),
    _tags("urn:xmpp:fasten:0", "apply-to"),  # XEP-0422
    _tags("urn:xmpp:reactions:0", "reactions"),  # XEP-0444
    _tags("urn:xmpp:receipts", "received"),  # XEP-0184
    _tags(_MARKERS, "received", "displayed", "acknowledged"),  # XEP-0333
)

#: What a person wants to see beside text.
_CONTENT: Final = frozenset().union(
    {BODY},
    _tags("urn:xmpp:sfs:0", "file-sharing"),  # XEP-0447
    _tags("urn:xmpp:openpgp:0", "openpgp"),  # XEP-0373
    _tags("jabber:x:encrypted", "x"),  # XEP-0027
    _tags("jabber:x:conference", "x"),  # XEP-0249
)
#: Encrypted content stands in a child; without one only keys are exchanged (XEP-0384 §5.5.3).
_SEALED: Final = ("{urn:xmpp:omemo:2}encrypted", "{eu.siacs.conversations.axolotl}encrypted")
_MUC_USER: Final = "{http://jabber.org/protocol/muc#user}x"
_INVITE: Final = "{http://jabber.org/protocol/muc#user}invite"

_REFERENCE: Final = "{urn:xmpp:reference:0}reference"
_REPLY: Final = "{urn:xmpp:reply:0}reply"
_LONGEST_ADDRESS: Final = 3071
_NOBODY: Final[frozenset[str]] = frozenset()
#: More people are mentioned by nobody who means somebody.
_MOST_NAMED: Final = 20

_READ: Final = frozenset().union(
    {BODY},
    _tags(_MARKERS, "displayed", "acknowledged"),
    _tags(_CHAT_STATES, "active", "composing", "paused"),
    _tags("urn:xmpp:reactions:0", "reactions"),
    _CALLS_ANSWERED,
)


def worth(stanza: Stanza, owner: JID) -> Worth:
    """What a message that has been delivered, or waits, does to devices that lack it."""
    payloads = stanza.payloads
    if not _CALLS_ENDED.isdisjoint(payloads):
        return Worth.CALL_ENDED
    if not stanza.mid or not stanza.disposition & PENDING or stanza.from_.bare == owner:
        return Worth.NOTHING
    if not _CALLS.isdisjoint(payloads):
        return Worth.CALL
    if not _QUIET.isdisjoint(payloads):
        return Worth.NOTHING
    if not _CONTENT.isdisjoint(payloads) or _is_sealed(stanza) or _is_invitation(stanza):
        return Worth.MESSAGE
    return Worth.NOTHING


def is_call(stanza: Stanza) -> bool:
    """Whether somebody calls."""
    return not _CALLS.isdisjoint(stanza.payloads)


def _is_sealed(stanza: Stanza) -> bool:
    for tag in _SEALED:
        sealed = stanza.payloads.get(tag)
        if sealed is not None:
            return any(str(child.tag).endswith("}payload") for child in sealed)
    return False


def _is_invitation(stanza: Stanza) -> bool:
    room = stanza.payloads.get(_MUC_USER)
    return room is not None and room.find(_INVITE) is not None


def shows_reading(stanza: Stanza) -> bool:
    """Whether a message from one of the user's own devices shows that he has the chat before him.

    He answers, types or marks as read (XEP-0085, XEP-0333), or has taken the call.
    """
    return stanza.type != "error" and not _READ.isdisjoint(stanza.payloads)


def named(stanza: Stanza) -> frozenset[str]:
    """The addresses that a message mentions (XEP-0372 §3.2), as far as it can be read here."""
    if _REFERENCE not in stanza.payloads:
        return _NOBODY
    found = stanza.element.iterchildren(_REFERENCE)
    uris = [each.get("uri", "") for each in found if each.get("type") == "mention"]
    names = (unquote(uri.removeprefix("xmpp:")) for uri in uris[:_MOST_NAMED])
    return frozenset(name for name in names if len(name) <= _LONGEST_ADDRESS)


def replies_to(stanza: Stanza) -> str:
    """Whom a message answers (XEP-0461 §3.1)."""
    reply = stanza.payloads.get(_REPLY)
    return "" if reply is None else reply.get("to", "")[:_LONGEST_ADDRESS]
