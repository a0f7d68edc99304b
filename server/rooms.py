"""What stands outside the core: the sections of the configuration that its rooms declare.

Besides `server/main.py` this is the only file of the core that knows extensions and federation.
Imports stand inside the functions, so that a command that needs one thing does not load all.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.clock import Clock
    from server.config import Config
    from server.control import Verb
    from server.entropy import Entropy
    from server.extension import Extension
    from server.host import Host
    from server.jid import JID
    from server.storage.database import Database
    from server.storage.migrate import Migration


def extensions(config: Config) -> tuple[type[Extension], ...]:
    """The extensions to run, in the order of their start, without those switched off."""
    from extensions.registry import ALL
    from server.c2s.legacy_session import LegacySession
    from server.presence.service import PresenceService
    from server.roster.service import RosterService

    core = (RosterService, PresenceService, LegacySession)
    return core + tuple(each for each in ALL if each.name not in config.server.disabled)


def sections() -> Mapping[str, type]:
    """Sections by name, in the order of the configuration file."""
    from extensions.correction.section import Correction
    from extensions.encryption_policy.section import Encryption
    from extensions.invitations.section import Invitations
    from extensions.pubsub.section import PubSub
    from extensions.push.section import Push

    return {
        "correction": Correction,
        "encryption": Encryption,
        "invitations": Invitations,
        "pubsub": PubSub,
        "push": Push,
    }


def migrations() -> Mapping[str, tuple[Migration, ...]]:
    """The tables of all rooms outside the core, for who must know them without a server."""
    from server.storage.migrate import load

    return {
        "avatars": load("extensions.avatars.migrations"),
        "blocking": load("extensions.blocking.migrations"),
        "invitations": load("extensions.invitations.migrations"),
        "privacy": load("extensions.privacy.migrations"),
        "markers": load("extensions.markers.migrations"),
        "private_storage": load("extensions.private_storage.migrations"),
        "pubsub": load("extensions.pubsub.migrations"),
        "push": load("extensions.push.migrations"),
        "retraction": load("extensions.retraction.migrations"),
        "vcard": load("extensions.vcard.migrations"),
    }


async def part(database: Database, jid: JID) -> None:
    """An account is deleted while no server runs that would see to what it was to others."""
    from extensions.pubsub import store
    from server.storage import roster

    await roster.estrange(database, jid)
    await database.batch(store.forget(jid))


def orders(
    config: Config, database: Database, clock: Clock, entropy: Entropy,
    hosts: Mapping[str, Host] = MappingProxyType({}),
) -> Mapping[str, Verb]:  # fmt: skip
    """Orders of rooms outside the core, which need no running server but its tables.

    Where one runs, `hosts` are its own.
    """
    from extensions.administration.orders import GreetingOrders
    from extensions.invitations.orders import InvitationOrders

    greetings = GreetingOrders(database, clock, config.server.domains, hosts)
    invitations = InvitationOrders(config, database, clock, entropy)
    rooms = {"administration": greetings.verbs(), "invitations": invitations.verbs()}
    return {
        name: verb
        for room, verbs in rooms.items()
        if room not in config.server.disabled
        for name, verb in verbs.items()
    }
