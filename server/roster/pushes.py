"""Roster pushes: news of one contact for every interested session (RFC 6121 §2.1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.roster.payloads import build_push, build_removal
from server.roster.versioning import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.jid import JID
    from server.roster.item import RosterItem
    from server.roster.saving import Change
    from server.session import Session


def push(account: Account, change: Change) -> None:
    """Tell the sessions that have asked for the roster, if clients can see the change.

    "the server MUST push the modified roster item to all of the user's interested resources"
    (§2.1.6), the one that made the change among them.
    """
    if change.version:
        interested = [s for s in account.sessions.values() if s.interested]
        push_to(interested, change.contact, change.after, change.version)


def push_to(
    sessions: Iterable[Session], contact: JID, item: RosterItem | None, version: int
) -> None:
    """Tell these sessions what is known of a contact now."""
    number = render(version)
    if item is None or not item.listed:
        content = build_removal(contact, number)
    else:
        content = build_push(item, number)
    for session in sessions:
        session.send(
            b"<iq type='set' id='push-%s' to='%s'>%s</iq>"
            % (number.encode(), session.jid.wire, content)
        )
