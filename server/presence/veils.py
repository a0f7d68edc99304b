"""Who was seen and is hidden from now on gets a farewell; who is seen again is told (RFC 6121 §4).

A veil by itself says nothing to anybody (`Roster.veil`). Whoever hangs one up or takes one away
while the user is online does it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.presence.broadcast import catch_up, send_to
from server.presence.pending import finish
from server.presence.stanzas import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.account import Account
    from server.server import Server


async def change(server: Server, account: Account, hang: Callable[[], None]) -> None:
    """Let `hang` change the veils, then tell those for whom that makes a difference."""
    roster = account.roster
    told, seen = frozenset(roster.audience), roster.sources
    hang()
    audience = frozenset(roster.audience)
    gone, come = sorted(told - audience), sorted(audience - told)
    visible = sorted(roster.sources - seen)
    for session in account.reach.available:
        presence = session.presence
        if presence is None:
            continue
        farewell = plain("unavailable", session.jid, None)
        for jid in gone:
            await finish(send_to(server, farewell, jid, session))
        for jid in come:
            await finish(send_to(server, presence, jid, session))
        for jid in catch_up(server, session, visible):
            await finish(server.route(plain("probe", session.jid, jid), session))
