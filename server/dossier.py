"""What is known of one account, for those who run the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.c2s.stream import ClientStream
from server.storage import accounts, clients, messages, roster
from server.timestamps import stamp

if TYPE_CHECKING:
    from server.jid import JID
    from server.session import Session
    from server.storage.database import Database


async def compile_stored(database: Database, jid: JID) -> dict[str, Any] | None:
    """What the database knows; None if there is no such account. Times are as in XEP-0082."""
    row = await accounts.find_account(database, jid)
    if row is None:
        return None
    programs = await clients.listing(database, row.id)
    contacts = await roster.load(database, row.id)
    seen = max([row.last_login, *(each.last_seen for each in programs)])
    return {
        "jid": str(jid),
        "created": _time(row.created),
        "disabled": _time(row.disabled),
        "last_login": _time(seen),
        "last_seen": _time(row.last_active),
        "contacts": len(contacts.items),
        "pending": await messages.count_pending(database, row.id, row.delivered),
        "clients": [
            {
                "software": each.software,
                "device": each.device,
                "last_seen": _time(each.last_seen),
                "tokens": len(each.tokens),
            }
            for each in programs
        ],
        "sessions": [],
    }


def describe(session: Session) -> dict[str, str]:
    """One device that is online, or was a moment ago."""
    if session.stream is None:
        state = "disconnected"
    elif not session.active:
        state = "idle"
    else:
        state = "available" if session.is_available else "connected"
    return {"jid": str(session.jid), "address": address(session), "state": state}


def address(session: Session) -> str:
    """The network address that a device comes from; "" while it is disconnected."""
    stream = session.stream
    return stream.connection.peer if isinstance(stream, ClientStream) else ""


def is_active(session: Session) -> bool:
    """Whether somebody seems to look at that device: connected, and not said to be idle.

    It is the client that says so (XEP-0352).
    """
    return session.stream is not None and session.active


def _time(unix_ms: int) -> str:
    """A time, "" if it never was."""
    return stamp(unix_ms).decode() if unix_ms else ""
