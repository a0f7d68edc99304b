"""The hash of the avatar in presence, put there for clients that do not know it (XEP-0398 §4)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.element import E

if TYPE_CHECKING:
    from server.account import Account
    from server.session import Session
    from server.stanza import Stanza

NS: Final = "vcard-temp:x:update"
UPDATE: Final = f"{{{NS}}}x"
PHOTO: Final = f"{{{NS}}}photo"

#: Set in the state of a session whose last presence for all was changed here.
_CHANGED: Final = "avatars"


class Audience(enum.IntEnum):
    """Who may see an avatar."""

    CONTACTS = 1  # who sees the presence of the user
    EVERYBODY = 2


@dataclass(frozen=True, slots=True)
class Avatar:
    """What an account shows; no hash if it had an avatar and has none any more."""

    hash: str
    kind: str = ""
    audience: Audience = Audience.EVERYBODY


class Announcer:
    """Tells of an account's avatar in its presence; hung up as a guard of the account."""

    __slots__ = ("avatar",)

    def __init__(self, avatar: Avatar) -> None:
        self.avatar = avatar

    def outbound(self, session: Session, stanza: Stanza) -> None:
        """Put the hash into available presence.

        "services MUST include the hash on behalf of their users in every available presence that
        does not contain an empty photo element", "also … directed presences such as MUC joins".
        """
        if stanza.kind != "presence" or stanza.type is not None:
            return
        if stanza.to is None:
            was_changed = announce(stanza, self.avatar.hash)
            if was_changed or session.state is not None:
                session.state = session.state or {}
                session.state[_CHANGED] = was_changed
        elif self._may_see(session.account, stanza):
            announce(stanza, self.avatar.hash)

    def inbound(self, account: Account, stanza: Stanza) -> None:
        """Nothing is done with what comes."""

    def _may_see(self, account: Account, stanza: Stanza) -> bool:
        """Who could not fetch the image need not hear of it."""
        assert stanza.to is not None
        is_open = self.avatar.audience is Audience.EVERYBODY
        return is_open or account.may_see_presence(stanza.to)


def announce(stanza: Stanza, hash_: str) -> bool:
    """Put a hash into presence, unless the client shows no image on purpose.

    "Empty x elements … (those without a photo element as child) MUST be overwritten. Presences
    where the content of the photo element is not empty and not equal to the hash calculated by the
    service MAY be overwritten."
    """
    update = stanza.payloads.get(UPDATE)
    if update is not None:
        photo = update.find(PHOTO)
        said = None if photo is None else (photo.text or "").strip()
        if said is not None and said.lower() in ("", hash_):
            return False
        stanza.drop(update)
    stanza.append(E(UPDATE, None, E(PHOTO, None, hash_)))
    return True


def was_changed(session: Session) -> bool:
    """Whether what a session says of its avatar was put there by us."""
    return session.state is not None and bool(session.state.get(_CHANGED))
