"""The last items for a device that has just come, or has just said what it wants (XEP-0163 §4.3.4).

They come from the user's own nodes and from those of contacts here, whether these are online or
not. The database is asked for them in portions; only accounts that have something are loaded.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from extensions.pubsub import configuration, rules, store
from extensions.pubsub.configuration import ON_PRESENCE
from extensions.pubsub.nodes import Node
from server.jid import JID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extensions.pubsub.configuration import NodeConfig
    from extensions.pubsub.engine import Engine
    from extensions.pubsub.rows import NewsRow
    from server.session import Session


async def greet(engine: Engine, session: Session, interests: frozenset[str]) -> None:
    """Send the last item of every node among `interests` that the user may see.

    One after the other: whoever comes and goes all the time is not told all the time.
    """
    waiting = engine.greeted.get(session)
    if waiting is not None:
        waiting |= interests
        return
    engine.greeted[session] = waiting = set(interests)
    try:
        while waiting and _is_here(session):
            wanted = frozenset(waiting)
            waiting.clear()
            await _greet(engine, session, wanted)
    finally:
        del engine.greeted[session]


async def _greet(engine: Engine, session: Session, interests: frozenset[str]) -> None:
    own = await store.own_news(engine.database, session.account.id)
    await _send(engine, session, own, interests)
    await _greet_from(engine, session, interests, _sharing_presence(engine, session))


async def introduce(engine: Engine, one: JID, other: JID) -> None:
    """Two users begin to share presence: each of them hears of the other, if both let it be."""
    for who, owner in ((one, other), (other, one)):
        host = engine.server.hosts.get(who.domain)
        account = None if host is None else host.accounts.online(who)
        for session in () if account is None else account.reach.available:
            if owner in _sharing_presence(engine, session):
                await _greet_from(engine, session, session.interests, [owner])


async def _greet_from(
    engine: Engine, session: Session, interests: frozenset[str], owners: list[JID]
) -> None:
    account = session.account
    for start in range(0, len(owners), store.TOGETHER):
        if not _is_here(session):
            return
        rows = await store.news(
            engine.database, account.jid, owners[start : start + store.TOGETHER]
        )
        await _send(engine, session, rows, interests)
        await engine.server.room_to_write(session)
        await asyncio.sleep(0)  # others have their turn between two portions


def _sharing_presence(engine: Engine, session: Session) -> list[JID]:
    """Contacts here who see the user's presence, and whose presence he asked to see."""
    roster, hosts = session.account.roster, engine.server.hosts
    return [
        contact
        for contact in roster.sources
        if contact.domain in hosts and roster.has_subscriber(contact)
    ]


def _is_here(session: Session) -> bool:
    return session.account.sessions.get(session.jid.resource) is session and session.is_available


async def _send(
    engine: Engine, session: Session, rows: Sequence[NewsRow], interests: frozenset[str]
) -> None:
    for row in rows:
        if row.name not in interests or not row.last:
            continue
        config = configuration.load(row.config)
        if not _is_sent_to_newcomers(config) or not await _may_read(engine, session, row, config):
            continue
        owner = JID.parse(row.owner) if row.owner else session.account.jid
        node = Node((row.account, "", row.name), row.id, owner, config, owner)
        item = await engine.last_item(node)
        if item is not None:
            session.send(engine.last_published(owner, node, item).wire(session.jid))
            await engine.server.room_to_write(session)


def _is_sent_to_newcomers(config: NodeConfig) -> bool:
    return config.deliver_notifications and config.send_last_published_item == ON_PRESENCE


async def _may_read(engine: Engine, session: Session, row: NewsRow, config: NodeConfig) -> bool:
    """Whether a contact's node is for this user; that he sees the presence is known."""
    who = session.account.jid
    if not row.owner:
        return True
    owner = JID.parse(row.owner)
    host = engine.server.hosts.get(owner.domain)
    account = None if host is None else await host.accounts.load(owner)
    # "a PEP service MUST NOT send notifications to a subscriber if the user has blocked the
    # subscriber" (§4.3.3)
    if account is None or account.roster.hides(who):
        return False
    # What else counts, who was cast out say, stands with the node.
    node = await engine.nodes.find((row.account, "", row.name), owner)
    if node is None:
        return False
    standing = node.standing(who, sees_presence=True, groups=frozenset(json.loads(row.groups)))
    return rules.refuse_reading(config, standing) is None
