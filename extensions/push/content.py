"""What a notification says of the message that it is about; pure.

Only devices to which it goes encrypted are told; app servers are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.push.worth import is_call
from server.stanza import BODY

if TYPE_CHECKING:
    from server.jid import JID
    from server.stanza import Stanza

_PROPOSE: Final = "{urn:xmpp:jingle-message:0}propose"
_DESCRIPTION: Final = "{urn:xmpp:jingle:apps:rtp:1}description"
#: COMPAT: Siskin 7.3 ends when it reads of any other.
_MEDIA: Final = ("audio", "video")
_SID_LIMIT: Final = 256

#: Of a longer text, so many characters are told.
EXCERPT: Final = 200

#: Beside these a body is for those who cannot read them (XEP-0380, 0384, 0373, 0027).
_SEALED: Final = frozenset((
    "{urn:xmpp:eme:0}encryption", "{urn:xmpp:omemo:2}encrypted", "{urn:xmpp:omemo:1}encrypted",
    "{eu.siacs.conversations.axolotl}encrypted", "{urn:xmpp:openpgp:0}openpgp",
    "{jabber:x:encrypted}x",
))  # fmt: skip
_ENCRYPTED: Final = "Encrypted message"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that can be taken right from the notification (XEP-0353)."""

    sid: str
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A message in short. `text` is empty where there is nothing to read."""

    sender: JID
    text: str = ""
    nick: str = ""  # who wrote it in a room
    is_groupchat: bool = False
    call: Call | None = None
    is_request: bool = False


def request_of(contact: JID) -> Content:
    """What is told of somebody who wants to be a contact."""
    return Content(contact, "Wants to be your contact", is_request=True)


def content_of(stanza: Stanza) -> Content:
    """What is told of a message."""
    if stanza.type == "groupchat":
        return Content(stanza.from_.bare, _text(stanza), stanza.from_.resource, True)
    return Content(stanza.from_, _text(stanza), call=_call(stanza))


def _text(stanza: Stanza) -> str:
    """The text, if it is one for people: what stands beside encrypted content is not."""
    if is_call(stanza):
        return ""
    if not _SEALED.isdisjoint(stanza.payloads):
        return _ENCRYPTED
    body = stanza.payloads.get(BODY)
    text = "" if body is None else body.text or ""
    return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


def _call(stanza: Stanza) -> Call | None:
    propose = stanza.payloads.get(_PROPOSE)
    sid = "" if propose is None else propose.get("id", "")
    if propose is None or not sid or len(sid) > _SID_LIMIT:
        return None
    offered = {each.get("media") for each in propose.iterchildren(_DESCRIPTION)}
    return Call(sid, tuple(media for media in _MEDIA if media in offered))
