"""What a user has chosen to keep from whom; pure decisions."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from server.jid import JID
from server.stanza import BODY

if TYPE_CHECKING:
    from server.roster.roster import Roster
    from server.stanza import Stanza


class Circle(enum.StrEnum):
    """For whom something is."""

    EVERYBODY = "everybody"
    CONTACTS = "contacts"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Choice:
    """A circle and its exceptions: bare addresses or domains. `never` wins."""

    circle: Circle = Circle.EVERYBODY
    always: frozenset[JID] = frozenset()
    never: frozenset[JID] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it is for everybody without exception."""
        return self.circle is Circle.EVERYBODY and not self.never

    def allows(self, who: JID, roster: Roster) -> bool:
        """Whether it is for that address."""
        bare, domain = who.bare, who.domain
        if bare in self.never or domain in self.never:
            return False
        if self.circle is Circle.EVERYBODY or bare in self.always or domain in self.always:
            return True
        return self.circle is Circle.CONTACTS and roster.knows(bare)


OPEN: Final = Choice()


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices of one user; without any, everything is as RFC 6121 has it."""

    online: Choice = OPEN  # who of those that are subscribed sees the presence
    last_seen: Choice = OPEN  # who learns since when the user is away or idle
    receipts: Choice = OPEN  # with whom the user shares what was read
    strangers: Choice = OPEN  # whose messages are taken

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps({
            name: [choice.circle, sorted(choice.always), sorted(choice.never)]
            for name, choice in ((name, getattr(self, name)) for name in NAMES)
            if choice != OPEN
        }, ensure_ascii=False)  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """As it was stored."""
        return cls(**{
            name: Choice(Circle(circle), _jids(always), _jids(never))
            for name, (circle, always, never) in json.loads(text).items()
        })  # fmt: skip


NAMES: Final = tuple(field.name for field in fields(Settings))
DEFAULT: Final = Settings()


def _jids(texts: list[str]) -> frozenset[JID]:
    return frozenset(JID.parse(text) for text in texts)


# -- stanzas --

#: What tells that the user has read something (XEP-0333; earlier versions had one more).
MARKERS: Final = frozenset((
    "{urn:xmpp:chat-markers:0}displayed", "{urn:xmpp:chat-markers:0}acknowledged",
))  # fmt: skip

#: What tells since when the user is idle (XEP-0319, XEP-0256).
IDLE: Final = frozenset(("{urn:xmpp:idle:1}idle", "{jabber:iq:last}query"))

LAST: Final = "{jabber:iq:last}query"

_ERROR: Final = "{jabber:client}error"

#: What people say to people.
_SPEECH: Final = frozenset((
    BODY, "{jabber:client}subject", "{urn:xmpp:jingle-message:0}propose",
    "{urn:xmpp:call-invites:0}invite",
))  # fmt: skip

#: What means nothing without what stood beside it.
_BESIDE: Final = frozenset((
    "{jabber:client}thread", "{urn:xmpp:sid:0}origin-id", "{urn:xmpp:sid:0}stanza-id",
    "{urn:xmpp:hints}store", "{urn:xmpp:hints}no-store", "{urn:xmpp:hints}no-copy",
    "{urn:xmpp:hints}no-permanent-store", "{urn:xmpp:carbons:2}private",
))  # fmt: skip


def strip(stanza: Stanza, tags: frozenset[str]) -> bool:
    """Remove payloads; whether anything is left that is worth to be sent on."""
    if not tags.isdisjoint(stanza.payloads):
        stanza.drop(*(child for child in stanza.element if child.tag in tags))
    return not _BESIDE.issuperset(stanza.payloads)


def reduce_to_error(stanza: Stanza) -> None:
    """Leave of an answer that something failed just that."""
    others = [child for child in stanza.element if child.tag != _ERROR]
    if others:
        stanza.drop(*others)


def is_approach(stanza: Stanza) -> bool:
    """Whether a message is one that a stranger may not be allowed to send.

    Services have no name before the @, and what they send is asked for; but whoever has a domain
    can write and call as that. An error is an answer to what the user has sent.
    """
    if stanza.type == "error":
        return False
    return bool(stanza.from_.local) or not _SPEECH.isdisjoint(stanza.payloads)
