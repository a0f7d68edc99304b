"""Which messages are copied to a user's other devices (XEP-0280 §6.1); pure decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.messages.rules import ARCHIVE
from server.stanza import BODY

if TYPE_CHECKING:
    from server.stanza import Stanza

NS: Final = "urn:xmpp:carbons:2"
PRIVATE: Final = f"{{{NS}}}private"
NO_COPY: Final = "{urn:xmpp:hints}no-copy"

#: What a message of the server's own making contains; from others it is a forgery (§11).
COPIES: Final = (f"{{{NS}}}sent", f"{{{NS}}}received")

_FORBIDDEN: Final = frozenset((PRIVATE, NO_COPY, *COPIES))
_MUC_USER: Final = "{http://jabber.org/protocol/muc#user}x"

#: "payload elements typically used in IM" (§6.1), whatever the type of the message.
_IM: Final = frozenset((
    "{urn:xmpp:receipts}received",
    "{urn:xmpp:receipts}request",
    *(f"{{http://jabber.org/protocol/chatstates}}{state}"
      for state in ("active", "composing", "paused", "inactive", "gone")),
    *(f"{{urn:xmpp:chat-markers:0}}{marker}"
      for marker in ("markable", "received", "displayed", "acknowledged")),
    "{jabber:x:conference}x",
))  # fmt: skip


def is_eligible(stanza: Stanza) -> bool:
    """Whether a message is for all devices of its sender and its recipient (§6.1).

    "A <message/> is eligible for carbons delivery if it does not contain a <private/> child element
    and if at least one of the following is true". An error is taken as the answer to an eligible
    message; which one it was is not remembered.
    """
    payloads = stanza.payloads
    if not _FORBIDDEN.isdisjoint(payloads):
        return False
    type_ = stanza.type
    if type_ == "chat" or type_ == "error":
        return True
    # "A <message/> of type "groupchat" SHOULD NOT be carbon-copied"
    if type_ == "groupchat":
        return False
    if not _IM.isdisjoint(payloads):
        return True
    # Of type "normal", with a body or with what replaces it: an invitation, a reaction, a call …
    return type_ != "headline" and (BODY in payloads or stanza.disposition & ARCHIVE == ARCHIVE)


def is_eligible_inbound(stanza: Stanza) -> bool:
    """The same for a message that arrives.

    "A private <message/> from a MUC participant (received from a full JID) … SHOULD NOT be
    carbon-copied (these messages are already replicated by the MUC service …)"; invitations are.
    """
    room = stanza.payloads.get(_MUC_USER)
    if room is not None and not len(room) and stanza.from_.resource:
        return False
    return is_eligible(stanza)
