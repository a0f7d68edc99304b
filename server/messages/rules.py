"""Which messages are kept, and for how long: in the archives, or until a device has them.

Pure decisions about one message. Archives hold conversations (XEP-0313 §6.1.1); a message is
pending until one of the recipient's devices acknowledged it (XEP-0160 §3); the sender may ask for
less or for more (XEP-0334). What the owner of an archive wants in it is for the account to know
(XEP-0441).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.stanza import BODY

if TYPE_CHECKING:
    from server.stanza import Stanza

#: What is done with a message: a sum of ARCHIVE and PENDING. Plain numbers: asked for each message.
Disposition = int

NOTHING: Final = 0
ARCHIVE: Final = 1
PENDING: Final = 2
BOTH: Final = ARCHIVE | PENDING

_HINTS: Final = "{urn:xmpp:hints}"
NO_STORE: Final = f"{_HINTS}no-store"
NO_PERMANENT_STORE: Final = f"{_HINTS}no-permanent-store"
STORE: Final = f"{_HINTS}store"

#: "If an application receives a message with no 'type' attribute or the application does not
#: understand the value of the 'type' attribute provided, it MUST consider the message to be of type
#: 'normal'" (RFC 6121 §5.2.2): so only what is different is listed. A room keeps its own archive.
_BY_TYPE: Final = {"error": NOTHING, "groupchat": NOTHING, "headline": NOTHING}

#: Copies of messages that are kept already (XEP-0280, XEP-0313), and must not multiply: "it MUST
#: store such a stanza within a given archive only once" (XEP-0313 §6.1.1).
_WRAPPERS: Final = frozenset(
    ("{urn:xmpp:carbons:2}sent", "{urn:xmpp:carbons:2}received", "{urn:xmpp:mam:2}result")
)

#: Payloads that make even a message with a body a matter of thought.
_SPECIAL: Final = frozenset((NO_STORE, NO_PERMANENT_STORE, STORE)) | _WRAPPERS


def _tags(namespace: str, *names: str) -> frozenset[str]:
    return frozenset(f"{{{namespace}}}{name}" for name in names)


#: Payloads that belong to a conversation as much as a body does.
_CONTENT: Final = frozenset().union(
    _tags("jabber:client", "subject"),
    _tags("urn:xmpp:receipts", "received"),  # XEP-0184
    _tags("urn:xmpp:chat-markers:0", "received", "displayed", "acknowledged"),  # XEP-0333
    _tags("urn:xmpp:message-correct:0", "replace"),  # XEP-0308
    _tags("urn:xmpp:message-retract:1", "retract"),  # XEP-0424
    _tags("urn:xmpp:message-retract:0", "retract"),
    _tags("urn:xmpp:fasten:0", "apply-to"),  # XEP-0422
    _tags("urn:xmpp:reactions:0", "reactions"),  # XEP-0444
    _tags("urn:xmpp:jingle-message:0", "propose", "proceed", "accept", "reject", "retract",
          "ringing", "finish"),  # XEP-0353
    _tags("urn:xmpp:call-invites:0", "invite", "accept", "reject", "retract", "left"),  # XEP-0482
    _tags("urn:xmpp:eme:0", "encryption"),  # XEP-0380
    _tags("urn:xmpp:omemo:2", "encrypted"),  # XEP-0384
    _tags("urn:xmpp:omemo:1", "encrypted"),
    _tags("eu.siacs.conversations.axolotl", "encrypted"),
    _tags("urn:xmpp:openpgp:0", "openpgp"),  # XEP-0373
    _tags("jabber:x:encrypted", "x"),  # XEP-0027
    _tags("urn:xmpp:sfs:0", "file-sharing", "sources"),  # XEP-0447
    _tags("jabber:x:oob", "x"),  # XEP-0066
    _tags("jabber:x:data", "x"),  # XEP-0004
    _tags("jabber:x:conference", "x"),  # XEP-0249
)  # fmt: skip

#: Mediated invitations share their wrapper with room states (XEP-0045 §7.8.2).
_MUC_USER: Final = "{http://jabber.org/protocol/muc#user}x"
_INVITATIONS: Final = _tags("http://jabber.org/protocol/muc#user", "invite", "decline")

#: Payloads that mean nothing later, or nothing alone.
_TRANSIENT: Final = _WRAPPERS.union(
    _tags("jabber:client", "thread", "error"),
    _tags("http://jabber.org/protocol/chatstates",
          "active", "composing", "paused", "inactive", "gone"),  # XEP-0085
    _tags("urn:xmpp:hints", "no-copy", "no-store", "no-permanent-store", "store"),
    _tags("urn:xmpp:carbons:2", "private"),
    _tags("http://jabber.org/protocol/pubsub#event", "event"),  # XEP-0060
    _tags("http://jabber.org/protocol/ibb", "data"),  # XEP-0047
    _tags("http://jabber.org/protocol/caps", "c"),
    _tags("http://jabber.org/protocol/nick", "nick"),
    _tags("urn:xmpp:chat-markers:0", "markable"),
    _tags("urn:xmpp:receipts", "request"),
    _tags("urn:xmpp:sid:0", "origin-id", "stanza-id"),
    _tags("urn:xmpp:delay", "delay"),
    _tags("urn:xmpp:attention:0", "attention"),  # XEP-0224
)  # fmt: skip


def disposition(stanza: Stanza) -> Disposition:
    """What is kept of a message (XEP-0313 §6.1.1, XEP-0160 §3, XEP-0334 §4).

    "A server SHOULD include in a user archive all of the messages a user sends or receives of type
    'normal' or 'chat' that contain a <body> element" is the first line, and the common case.
    """
    payloads = stanza.payloads
    if BODY in payloads and _SPECIAL.isdisjoint(payloads):
        return _BY_TYPE.get(stanza.type, BOTH)  # type: ignore[arg-type]  # None is just no key
    return _consider(stanza)


def _consider(stanza: Stanza) -> Disposition:
    """The uncommon cases: hints, wrappers, and messages without a body."""
    payloads = stanza.payloads
    # "Hints contained within a stanza of type 'error' SHOULD be ignored" (XEP-0334 §5)
    if stanza.type in ("error", "groupchat") or not _WRAPPERS.isdisjoint(payloads):
        return NOTHING
    # "… should not be stored by a server either permanently … or temporarily" (XEP-0334 §4.2)
    if NO_STORE in payloads:
        return NOTHING
    worth = BOTH if STORE in payloads else _worth(stanza)
    # "… shouldn't store the message in any permanent or semi-permanent … archive" (XEP-0334 §4.1)
    return worth & PENDING if NO_PERMANENT_STORE in payloads else worth


def _worth(stanza: Stanza) -> Disposition:
    """What a message is worth by its payloads alone.

    Payloads nobody here knows are not archived, but they are delivered: messages of type "normal"
    "SHOULD be stored offline", those of type "chat" "unless they contain only Chat State
    Notifications content" (XEP-0160 §3).
    """
    payloads = stanza.payloads
    if stanza.type == "headline":
        return NOTHING
    if BODY in payloads or not _CONTENT.isdisjoint(payloads):
        return BOTH
    room = payloads.get(_MUC_USER)
    if room is not None and any(child.tag in _INVITATIONS for child in room):
        return BOTH
    return NOTHING if _TRANSIENT.issuperset(payloads) else PENDING
