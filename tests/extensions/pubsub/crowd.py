"""Many people at once, made without a database: everybody online, everybody a friend of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from server.account import Account
from server.jid import JID
from server.messages.ledger import Ledger
from server.roster.item import RosterItem, State
from server.roster.roster import Roster
from server.session import Session
from server.stanza import Stanza
from tests.extensions.stage import FakeStream

if TYPE_CHECKING:
    from server.host import Host


def befriended(host: Host, owner: Account, count: int, *interests: str) -> list[FakeStream]:
    """So many friends of `owner`, each with one available session; what each of them is sent."""
    streams = []
    for number in range(count):
        jid = JID.parse(f"friend{number}@{host.domain}")
        friend = Account(host, 1000 + number, jid, {})
        friend.roster, friend.ledger = Roster(), Ledger(0, set())
        friend.roster.note(owner.jid, RosterItem(owner.jid, state=State.BOTH))
        owner.roster.note(jid, RosterItem(jid, state=State.BOTH))
        streams.append(_arrive(host, friend, "phone", interests))
    return streams


def _arrive(host: Host, account: Account, resource: str, interests: tuple[str, ...]) -> FakeStream:
    stream = FakeStream()
    session = Session(account, account.jid.with_resource(resource), stream)
    element = etree.fromstring("<presence xmlns='jabber:client'/>")
    session.presence = Stanza("presence", element, None, session.jid)
    session.interests = frozenset(interests)
    host.accounts.attach(account, session)
    return stream
