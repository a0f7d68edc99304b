"""What is special about the nodes of accounts: personal eventing (XEP-0163).

Nodes come into being when their owner publishes; who sees his presence has access, unless the node
says otherwise; and whom to notify follows from presence: every device of the owner's, and of those
who share their presence with him, that said it wants news of the node (Session.interests).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from extensions.pubsub import rules
from extensions.pubsub.configuration import MAX, NEVER, NodeConfig
from extensions.pubsub.errors import NodeNotFound, PresenceRequired
from extensions.pubsub.events import send_all
from extensions.pubsub.place import Place
from extensions.pubsub.terms import AccessModel, Affiliation, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extensions.pubsub.events import Event
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.rules import Standing
    from server.account import Account
    from server.errors import StanzaError
    from server.jid import JID
    from server.server import Server
    from server.session import Session

#: "on_sub_and_presence" and presence are the defaults that §5 demands.
_PERSONAL: Final = NodeConfig(access_model=AccessModel.PRESENCE, max_items=1)
_ANYBODY: Final = NodeConfig(access_model=AccessModel.OPEN, max_items=1)
_ANYBODY_ALL: Final = NodeConfig(access_model=AccessModel.OPEN, max_items=MAX)
_PRIVATE: Final = NodeConfig(
    access_model=AccessModel.WHITELIST, max_items=MAX, send_last_published_item=NEVER
)
#: Nodes that must never be seen by others even when a client forgets to say so (XEP-0223).
_DEFAULTS: Final = {
    "storage:bookmarks": NodeConfig(access_model=AccessModel.WHITELIST, max_items=1),
    "urn:xmpp:bookmarks:1": _PRIVATE,
    "urn:xmpp:mds:displayed:0": _PRIVATE,
    # "MUST follow Best Practices for Persistent Storage of Private Data" (XEP-0510 §4)
    "urn:xmpp:contacts": _PRIVATE,
    "urn:xmpp:contacts-groups": _PRIVATE,
    # The backup of a secret key, encrypted (XEP-0373 §5).
    "urn:xmpp:openpgp:0:secret-key": NodeConfig(access_model=AccessModel.WHITELIST, max_items=1),
    # "it is RECOMMENDED to use the 'open' access model" (XEP-0373 §4.1)
    "urn:xmpp:openpgp:0:public-keys": _ANYBODY,
}
#: Lists of devices, and keys in one node for all of them: as XEP-0384 has it, and as it had before.
_DEVICES: Final = frozenset((
    "eu.siacs.conversations.axolotl.devicelist", "urn:xmpp:omemo:2:devices",
    "urn:xmpp:omemo:1:devices",
))  # fmt: skip
_ALL_BUNDLES: Final = frozenset(("urn:xmpp:omemo:2:bundles", "urn:xmpp:omemo:1:bundles"))
_HIDDEN: Final = (AccessModel.PRESENCE, AccessModel.ROSTER, AccessModel.WHITELIST)
#: No account has this number.
NOBODY: Final = -1
_BUNDLES: Final = "eu.siacs.conversations.axolotl.bundles:"
_PUBLIC_KEYS: Final = "urn:xmpp:openpgp:0:public-keys:"


def is_encryption(name: str) -> bool:
    """Whether a node holds what others need to encrypt for the owner (XEP-0384 §5.3).

    "It is REQUIRED to set the access model … to 'open'": without, nobody can begin to write to him.
    """
    return name.startswith(_BUNDLES) or name in _DEVICES or name in _ALL_BUNDLES


class NobodysPlace(Place):
    """An account that does not exist: strangers find in it what they find in one without nodes."""

    creates_on_publish = True

    def __init__(self, jid: JID, account: int = NOBODY, owner: JID | None = None) -> None:
        super().__init__(jid, account, "", owner)

    def defaults(self, name: str) -> NodeConfig:
        """Made for presence, but for nodes that are known to be for everybody, or for nobody."""
        if name in _ALL_BUNDLES:
            return _ANYBODY_ALL
        if is_encryption(name) or name.startswith(_PUBLIC_KEYS):
            return _ANYBODY
        return _DEFAULTS.get(name, _PERSONAL)

    def settled(self, name: str, config: NodeConfig) -> NodeConfig:
        """Keys are there for everybody, and still there after a restart, whatever a client says."""
        if not is_encryption(name):
            return config
        return replace(config, access_model=AccessModel.OPEN, persist_items=True, subscribe=True)

    def is_lenient(self, name: str) -> bool:
        """A device that cannot publish its keys cannot be written to: it is never refused."""
        return is_encryption(name)

    def quota(self, name: str, usual: int) -> int:
        """Whoever has filled his account up can still be written to."""
        return usual + usual // 8 if is_encryption(name) else usual

    def may_create(self, who: JID) -> bool:
        """Only the owner (§2.2)."""
        return who == self.owner

    def refusal_of_missing(self, name: str, who: JID) -> StanzaError:
        """Strangers are told what they would be told of a node with the usual configuration."""
        return NodeNotFound() if is_encryption(name) else PresenceRequired()

    async def ties(self, node: Node, who: JID) -> tuple[bool, frozenset[str]]:
        """Nobody knows him."""
        return False, frozenset()

    async def deliver(self, node: Node, event: Event, *, to_pending: bool = False) -> None:
        """Nothing happens here."""


class PersonalPlace(NobodysPlace):
    """An account as a service of its own (§2.1)."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.jid, account.id, account.jid)
        self._account = account
        self._server: Server = account.host.server

    def refusal_of_missing(self, name: str, who: JID) -> StanzaError:
        """The owner, and who may see his presence, learn that it is not there."""
        account = self._account
        if who.bare == account.jid or account.roster.has_subscriber(who.bare):
            return NodeNotFound()
        return super().refusal_of_missing(name, who)

    def refusal_of_hidden(self, node: Node, standing: Standing) -> StanzaError | None:
        """Strangers do not learn which nodes there are, but for those that are open to them.

        They are told the same of all others, and of those that do not exist.
        """
        if standing.sees_presence or standing.is_subscribed:
            return None
        is_stranger = standing.affiliation is Affiliation.NONE
        return PresenceRequired() if is_stranger and node.config.access_model in _HIDDEN else None

    async def ties(self, node: Node, who: JID) -> tuple[bool, frozenset[str]]:
        """What the owner's roster says."""
        return self._ties(who)

    def _ties(self, who: JID) -> tuple[bool, frozenset[str]]:
        roster = self._account.roster
        if not roster.has_subscriber(who):
            return False, frozenset()
        item = roster.get(who)
        return True, frozenset(() if item is None else item.groups)

    # -- notifying --

    async def deliver(self, node: Node, event: Event, *, to_pending: bool = False) -> None:
        """Bring news to the owner's devices, to contacts, to subscribers (§4.3)."""
        head, tail = event.pieces
        for session in self.interested(node):
            session.send(head + session.jid.wire + tail)
        if node.subscriptions:
            send_all(self._server, event, self._subscribers(node, to_pending))
            given = list(self._subscribers(node, to_pending, given=True))
            if given:
                send_all(self._server, event.as_headline(), given)

    def interested(self, node: Node) -> Iterator[Session]:
        """The devices that hear of a node because they said so: the owner's, and those of contacts.

        Contacts are those who share their presence and have access (§4.3.2). Most are not there, or
        are not interested: that is looked at first.
        """
        name = node.name
        yield from [each for each in self._account.reach.available if name in each.interests]
        roster, hosts = self._account.roster, self._server.hosts
        by_presence = node.config.access_model is AccessModel.PRESENCE
        for contact in roster.audience if by_presence else roster.sources:
            host = hosts.get(contact.domain)
            peer = None if host is None else host.accounts.online(contact)
            if peer is None:
                continue
            found = [each for each in peer.reach.available if name in each.interests]
            if not found or not peer.roster.has_subscriber(self.jid):
                continue
            if self._has_access(node, contact):
                yield from found

    def _has_access(self, node: Node, who: JID) -> bool:
        model = node.config.access_model
        if not node.affiliations:
            # The rules in short, for very many.
            if model is AccessModel.OPEN:
                return True
            if model is AccessModel.PRESENCE:
                return self._account.roster.has_subscriber(who)
        standing = node.standing(who, *self._ties(who))
        return rules.refuse_reading(node.config, standing) is None

    def _subscribers(self, node: Node, to_pending: bool, *, given: bool = False) -> Iterable[JID]:
        """Those who subscribed by name, or were `given` it, and are not reached by presence."""
        now = int(self._server.clock.utcnow() * 1000)
        for each in list(node.subscriptions.values()):
            bare = each.jid.bare
            if given != each.is_given_here(self._server):
                continue
            if not (given or to_pending or each.state is State.SUBSCRIBED):
                continue
            if not each.options.deliver or each.options.is_over(now):
                continue
            if self._account.roster.hides(bare) or self._is_reached(node, each.jid):
                continue
            if to_pending or bare == self.jid or self._has_access(node, bare):
                yield each.jid

    def _is_reached(self, node: Node, jid: JID) -> bool:
        """Whether presence tells what a subscriber wants to hear, so that this is all he gets.

        For a bare address its devices say so, by presence that the owner sees. "If an entity
        subscribed using a full JID …, a PEP service MUST send one notification only, addressed to
        the subscribed JID" (§4.3.2), be it interested or not.
        """
        host = self._server.hosts.get(jid.domain)
        peer = None if host is None else host.accounts.online(jid.bare)
        if peer is None or not (peer is self._account or peer.roster.has_subscriber(self.jid)):
            return jid == self.jid
        session = peer.sessions.get(jid.resource)
        return jid.is_bare or (
            session is not None and session.is_available and node.name in session.interests
        )
