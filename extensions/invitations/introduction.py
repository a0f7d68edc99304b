"""Inviter and invited become contacts of each other (XEP-0401 §5.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server import log
from server.errors import StanzaError
from server.roster.item import RosterItem, State
from server.roster.pushes import push
from server.roster.saving import Change, next_version, save
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from server.account import Account
    from server.jid import JID
    from server.server import Server

_log = log.get(__name__)


async def introduce(server: Server, inviter: JID, invited: JID) -> None:
    """Give both a full subscription; the invited have just got an account and no device yet.

    "the server MUST use roster pushes … in order to inform the inviter about the invitee's new
    account without the need to reconnect". What fails here does not undo the account.
    """
    try:
        ours, theirs = await _account(server, inviter), await _account(server, invited)
        most = server.config.limits.max_roster_items
        if ours is None or theirs is None or len(ours.roster) >= most:
            return
        await _add(ours, invited)
        await _add(theirs, inviter)
    except (StanzaError, StorageError) as wrong:
        _log.warning("invitation.not_introduced", inviter=inviter, error=str(wrong))


async def _account(server: Server, jid: JID) -> Account | None:
    host = server.hosts.get(jid.domain)
    return None if host is None else await host.accounts.load(jid)


async def _add(account: Account, contact: JID) -> None:
    roster = account.roster
    before = roster.get(contact)
    known = before or RosterItem(contact)
    after = replace(known, state=State.BOTH, listed=True)
    change = Change(contact, before, after, next_version(account))
    await save(account, change)
    push(account, change)
