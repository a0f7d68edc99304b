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
