"""Answers to those who ask how a user is (RFC 6121 §4.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.presence.pending import Pending, all_of
from server.presence.rules import Answer, answer_probe
from server.presence.stanzas import plain, readdressed
from server.roster.item import State

if TYPE_CHECKING:
    from server.account import Account
    from server.jid import JID
    from server.server import Server
    from server.session import Session
    from server.stanza import Stanza


def answer(server: Server, account: Account | None, probe: Stanza) -> Pending:
    """Answer a probe for an account, or for an address that is none."""
    who, to = probe.from_, probe.to
    assert to is not None
    available: dict[str, Session] = {}
    state = None
    if account is not None:
        available = {session.jid.resource: session for session in account.reach.available}
        own = who.bare == account.jid
        state = State.BOTH if own else account.roster.state(who.bare)
    directed = _directed(available, who)
    if account is not None and account.roster.hides(who.bare):
        # Somebody behind a veil sees what he was told directly; else nobody is there.
        available = {name: available[name] for name in directed}
    found = answer_probe(state, to.resource, available, directed)
    if isinstance(found, list):
        presences = [available[name].presence for name in found]
        return all_of(server.route(readdressed(each, who)) for each in presences if each)
    if found is Answer.SILENCE:
        return None
    type_ = "unavailable" if found is Answer.UNAVAILABLE else "unsubscribed"
    return server.route(plain(type_, to.bare, who))


def _directed(available: dict[str, Session], who: JID) -> list[str]:
    """The resources that told that address of their presence themselves."""
    return [
        name
        for name, session in available.items()
        if who in session.directed or who.bare in session.directed
    ]
