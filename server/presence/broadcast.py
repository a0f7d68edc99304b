"""Presence on its way to many: serialised once, handed to local sessions as bytes (RFC 6121 §4).

Nothing is made for a contact of this server but the bytes of his copy: no stanza, no task. Contacts
who are offline cost a look-up. His guards and the taps of his host, if there are any, see a
copy: they may refuse it, but what they change in it goes nowhere. Contacts on other servers get
a stanza of their own through the router.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.dispatch import guard_inbound, run
from server.extension import Inbound
from server.presence.stanzas import readdressed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.presence.pending import Pending
    from server.server import Server
    from server.session import Session
    from server.stanza import Stanza

_TAPS: Final = (Inbound, "presence")
_CLOSE: Final = b"</presence>"


def broadcast(server: Server, stanza: Stanza, account: Account, contacts: Iterable[JID]) -> None:
    """Bring an account's presence to contacts, as far as they are subscribed to it (§4.2.3)."""
    hosts, own = server.hosts, account.jid
    head = b"%s from='%s' to='" % (stanza.envelope, stanza.from_.wire)
    tail = b"'>" + stanza.content + _CLOSE
    for contact in contacts:
        host = hosts.get(contact.domain)
        if host is None:
            server.route(readdressed(stanza, contact))
            continue
        peer = host.accounts.online(contact)
        if peer is None or own not in peer.roster.sources:
            continue
        available = peer.reach.available
        is_free = not peer.guards and not host.tables.before[_TAPS]
        if available and (is_free or _may_pass(host, peer, stanza, contact)):
            wire = head + contact.wire + tail
            for session in available:
                session.send(wire)


def tell_own(stanza: Stanza, sessions: Iterable[Session]) -> None:
    """Show the account's own sessions what one of them has sent (§4.2.2)."""
    for session in sessions:
        session.send(stanza.wire(session.jid))


def catch_up(server: Server, session: Session, contacts: Iterable[JID]) -> list[JID]:
    """Show a newly available session the presence of contacts here; those to probe are left over.

    A contact of this server is not sent a probe: what he would answer is known (§4.3.2).
    """
    hosts, account = server.hosts, session.account
    left = []
    for contact in contacts:
        host = hosts.get(contact.domain)
        if host is None:
            left.append(contact)
            continue
        peer = host.accounts.online(contact)
        if peer is None:
            continue
        if not peer.roster.has_subscriber(account.jid):
            left.append(contact)
            continue
        for other in peer.reach.available:
            show(session, other)
    return left


def show(session: Session, other: Session) -> None:
    """Show one session the presence of another."""
    presence = other.presence
    if presence is None:
        return
    if _may_pass(session.host, session.account, presence, session.jid):
        session.send(presence.wire(session.jid))


def _may_pass(host: Host, peer: Account, stanza: Stanza, to: JID) -> bool:
    """Ask whoever may refuse; a refusal is not told, presence has no answer."""
    taps = host.tables.before[_TAPS]
    if not taps and not peer.guards:
        return True
    copy, crashed = readdressed(stanza, to), host.server.crashed
    if peer.guards and guard_inbound(peer, copy, crashed) is not None:
        return False
    return run(taps, peer, copy, crashed) is None


def send_to(
    server: Server, presence: Stanza, contact: JID, session: Session | None = None
) -> Pending:
    """Bring one presence to one address, whatever binds them; it may be a room or a service."""
    return server.route(readdressed(presence, contact), session)
