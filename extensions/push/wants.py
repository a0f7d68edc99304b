"""What a device asked for beside notifications, as it is kept with the device."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Room:
    """Of which messages of a room a device wants to hear (`tigase:push:filter:groupchat:0`)."""

    jid: str
    allow: str  # "always", "mentioned", "never"
    nick: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """With what notifications for a device are encrypted (`tigase:push:encrypt:0`)."""

    key: bytes = field(repr=False)
    max_size: int = 0  # bytes of what the app server passes on; 0: the device did not say


@dataclass(frozen=True, slots=True)
class WebPush:
    """For whom notifications are encrypted, and with what they are signed (`urn:xmpp:push2:0`)."""

    public: bytes
    secret: bytes = field(repr=False)
    key: bytes = field(default=b"", repr=False)  # PKCS #8; empty: nothing is signed
    claims: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chat:
    """Of which messages of a chat a device wants to hear, if not of all (`urn:xmpp:push2:0`)."""

    jid: str
    mention: bool
    reply: bool


@dataclass(frozen=True, slots=True)
class Match:
    """What a device is notified of, and how (`urn:xmpp:push2:0`)."""

    profile: str
    grace: float = 0.0  # seconds of silence after the user did something elsewhere
    chats: tuple[Chat, ...] = ()
    web: WebPush | None = None  # None: it is only woken

    def hears(self, chat: str, *, is_mention: bool, is_reply: bool) -> bool:
        """Whether a message is to be told. "No specified filters means muted"."""
        rule = next((each for each in self.chats if each.jid == chat), None)
        return rule is None or (rule.mention and is_mention) or (rule.reply and is_reply)


@dataclass(frozen=True, slots=True)
class Wants:
    """What a device asked for, and what it asked not to be notified of.

    Kept as JSON: a field that is added here needs a default and nothing else.
    """

    muted: tuple[str, ...] = ()
    known_only: bool = False
    rooms: tuple[Room, ...] | None = None  # None: it has no wishes about rooms
    priority: bool = False
    jingle: bool = False
    seal: Seal | None = None
    match: Match | None = None  # it is notified as `urn:xmpp:push2:0` has it

    @property
    def reads_content(self) -> bool:
        """Whether it is told what was written."""
        return self.seal is not None or (self.match is not None and self.match.web is not None)

    def hears(self, room: str, owner: str, named: frozenset[str]) -> bool:
        """Whether a message of a room is to be told; `named` are the addresses it mentions.

        "rules for all groupchats for which notifications SHOULD be sent": a room without a rule is
        not told.
        """
        if self.rooms is None:
            return True
        rule = next((each for each in self.rooms if each.jid == room), None)
        if rule is None or rule.allow == "never":
            return False
        return rule.allow == "always" or not named.isdisjoint((owner, f"{room}/{rule.nick}"))
