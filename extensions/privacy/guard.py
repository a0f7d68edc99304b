"""Keeps what a user has chosen to keep, whatever the clients do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.privacy.rules import (
    IDLE,
    LAST,
    MARKERS,
    Circle,
    is_approach,
    reduce_to_error,
    strip,
)
from server.errors import Condition, StanzaError
from server.extension import Verdict
from server.stanza import BODY

if TYPE_CHECKING:
    from extensions.privacy.rules import Settings
    from server.account import Account
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza

NAME: Final = "privacy"

#: How many strangers to whom the user has written are remembered, so that they may answer.
REMEMBERED: Final = 200


class PrivacyGuard:
    """The guard of one account whose owner has chosen something."""

    __slots__ = ("_account", "_written", "settings")

    def __init__(self, account: Account, settings: Settings) -> None:
        self._account = account
        self._written: dict[JID, None] = {}
        self.settings = settings

    # -- from the user --

    def outbound(self, session: Session, stanza: Stanza) -> Verdict | None:
        """Take out of presence and messages what is not for their recipients."""
        if stanza.kind == "message":
            return self._message_out(stanza)
        if stanza.kind == "presence":
            self.hush(stanza)
        return None

    def hush(self, presence: Stanza) -> None:
        """Take out since when the user is idle, unless all who read it may know."""
        if IDLE.isdisjoint(presence.payloads):
            return
        to, roster, last_seen = presence.to, self._account.roster, self.settings.last_seen
        # Presence for all is one stanza: what is not for one of them is for none.
        readers = roster.audience if to is None else (to,)
        if not all(last_seen.allows(each, roster) for each in readers):
            strip(presence, IDLE)

    def _message_out(self, stanza: Stanza) -> Verdict | None:
        to = stanza.to
        if to is None or to.bare == self._account.jid or stanza.type == "error":
            return None
        if BODY in stanza.payloads and self.settings.strangers.circle is Circle.CONTACTS:
            self._note(to.bare)
        return self._unread(stanza, to)

    def _note(self, bare: JID) -> None:
        """Whoever is written to may answer."""
        self._written.pop(bare, None)
        self._written[bare] = None
        if len(self._written) > REMEMBERED:
            del self._written[next(iter(self._written))]

    def _unread(self, stanza: Stanza, other: JID) -> Verdict | None:
        """Who does not tell what was read is not told either."""
        if MARKERS.isdisjoint(stanza.payloads):
            return None
        if self.settings.receipts.allows(other, self._account.roster):
            return None
        return None if strip(stanza, MARKERS) else Verdict.DROP

    # -- for the user --

    def inbound(self, account: Account, stanza: Stanza) -> Verdict | StanzaError | None:
        """Refuse what is not for the one who asks, and messages of those who may not write."""
        from_ = stanza.from_
        if from_.bare == account.jid or self._is_ours(from_):
            return None
        if stanza.kind == "message":
            return self._message_in(stanza)
        asks = stanza.kind == "iq" and stanza.type == "get" and LAST in stanza.payloads
        if asks and not self.settings.last_seen.allows(from_, account.roster):
            # As for all who may not see the presence (XEP-0012 §3).
            text = "Only those who see the presence of a user may ask"
            return StanzaError(Condition.FORBIDDEN, text)
        return None

    def _is_ours(self, who: JID) -> bool:
        """Whether it is this server itself, or one of its services."""
        server = self._account.host.server
        return not who.local and (who.domain in server.hosts or who.domain in server.services)

    def _message_in(self, stanza: Stanza) -> Verdict | StanzaError | None:
        if is_approach(stanza) and not self._may_write(stanza):
            # A room takes an error for its occupant's end (XEP-0045 §18.1.2).
            if stanza.type in ("headline", "groupchat"):
                return Verdict.DROP
            return self._refusal()
        if stanza.type == "error":
            if not self._may_write(stanza):
                # It may be the answer to something; but nobody shall write in this way.
                reduce_to_error(stanza)
            return None
        return self._unread(stanza, stanza.from_)

    def _may_write(self, stanza: Stanza) -> bool:
        strangers, who = self.settings.strangers, stanza.from_
        if strangers.allows(who, self._account.roster):
            return True
        if _excepted(strangers.never, who):
            return False
        if stanza.type == "groupchat":
            # Who calls himself a room is one only if the user has entered it; then it may speak, as
            # the others there do not write to him.
            return self._has_shown_himself(who)
        if strangers.circle is not Circle.CONTACTS:
            return False
        return who.bare in self._written or self._has_shown_himself(who)

    def _has_shown_himself(self, who: JID) -> bool:
        """Whether it is a room that the user is in, or somebody who got presence from him."""
        return any(
            who in session.directed or any(each.bare == who.bare for each in session.directed)
            for session in self._account.sessions.values()
        )

    def _refusal(self) -> StanzaError:
        if self.settings.strangers.circle is Circle.NOBODY:
            text = "This user does not take messages"
        else:
            text = "This user takes messages of contacts only: ask to become one first"
        return StanzaError(Condition.FORBIDDEN, text)


def _excepted(never: frozenset[JID], who: JID) -> bool:
    return who.bare in never or who.domain in never
