"""Contacts from whom an error came back: a session spares them from then on (RFC 6121 §4.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from server.jid import JID
    from server.session import Session

_STATE: Final = "presence.failed"


def note(sessions: Iterable[Session], contact: JID) -> None:
    """An error came from that address for these sessions; only subscribers are worth a note."""
    for session in sessions:
        if session.account.roster.has_subscriber(contact):
            session.state = session.state or {}
            cast("set[JID]", session.state.setdefault(_STATE, set())).add(contact)


def audience(session: Session) -> Sequence[JID]:
    """Whom the session's presence is told: the subscribers, but for those who failed."""
    everybody = session.account.roster.audience
    failed = None if session.state is None else session.state.get(_STATE)
    if failed is None:
        return everybody
    spared = cast("set[JID]", failed)
    return [jid for jid in everybody if jid not in spared]
