"""Publish and subscribe: at every account, and at a service for all (XEP-0060, XEP-0163).

Other extensions use it by its name, `host.service("pubsub")`:

    await pubsub.items(owner, node)                         what is there
    await pubsub.seen(owner, node, who)                     of it, what somebody may see
    await pubsub.may_read(owner, node, who)                 whether he may
    await pubsub.access(owner, node)                        who may, in general
    await pubsub.is_private(owner, node)                    whether nobody else may
    await pubsub.interested(owner, node)                    the devices that hear of it
    await pubsub.publish(owner, node, id, payload, options) as the owner, whatever the node says
    await pubsub.retract(owner, node, ids)
    await pubsub.delete(owner, node)
    pubsub.guard(node, hook)                                may refuse what is about to happen
    pubsub.watch(node, hook)                                is told of what has happened

`owner` is the bare address of an account here, or that of the service. A hook gets `News`. Nobody
outside needs anything else of this room than these, `News`, `ANY` and the words in `terms.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.disco.items import Item
from extensions.pubsub import (
    approval,
    configuration,
    discovery,
    greeting,
    payloads,
    publishing,
    retrieving,
    rules,
    store,
)  # fmt: skip
from extensions.pubsub.engine import ANY, Engine, News
from extensions.pubsub.lifecycle import delete_node
from extensions.pubsub.payloads import Publication
from extensions.pubsub.pep import NobodysPlace, PersonalPlace
from extensions.pubsub.publishing import Wish
from extensions.pubsub.section import PubSub as Section
from extensions.pubsub.service import PubSubService
from extensions.pubsub.subscribers import decide
from extensions.pubsub.verbs import carry_out
from server.errors import Condition, StanzaError
from server.extension import (
    IQ,
    XEP,
    At,
    Extension,
    Feature,
    Identity,
    On,
    Outbound,
    Phase,
    Request,
    Spec,
    Verdict,
    Wire,
)  # fmt: skip
from server.moments import AccountDeleted, InterestsLearned, PresenceShared, SessionAvailable
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence

    from extensions.disco import Disco
    from extensions.payloads import info
    from extensions.pubsub.approval import Decision
    from extensions.pubsub.engine import Hook
    from extensions.pubsub.place import Place
    from extensions.pubsub.rows import ItemRow
    from extensions.pubsub.terms import AccessModel
    from server.host import Host
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza

__all__ = ["ANY", "News", "PubSub"]

_ACCOUNTS: Final = At.OWN | At.ACCOUNT | At.NOBODY
_FORM: Final = "{jabber:x:data}x"


class PubSub(Extension):
    """Nodes, their items, and who is told of them."""

    name = "pubsub"
    requires = ("disco",)  # and caps, which starts last, to know who wants what
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(60, "Publish-Subscribe", "1.30.0", note="no collections, no several subscriptions"),
        XEP(163, "Personal Eventing Protocol", "1.2.2", note="contacts of this server"),
        XEP(222, "Persistent Storage of Public Data via PubSub", "1.0"),
        XEP(223, "Persistent Storage of Private Data via PubSub", "1.1.1"),
        XEP(373, "OpenPGP for XMPP", "0.7.0", note="keys for all, the secret one for its owner"),
        XEP(384, "OMEMO Encryption", "0.9.1", note="keys for all, old and new; never refused"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.engine = Engine(host, host.server.config.room(Section))
        self.service = PubSubService(self.engine)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield self.service
        for tag in (payloads.PUBSUB, payloads.PUBSUB_OWNER):
            yield IQ("get", tag, self.answer, _ACCOUNTS)
            yield IQ("set", tag, self.answer, _ACCOUNTS)
        # "The server MUST return an identity of pubsub/pep and include the publish-options
        # feature" (XEP-0223 §5), also where the server itself is asked.
        # COMPAT: Smack, and so aTalk, looks there for all the others too before it uses OMEMO.
        everywhere = At.HOST | At.OWN | At.ACCOUNT
        yield Identity("pubsub", "pep", at=everywhere)
        for feature in discovery.PERSONAL_FEATURES:
            yield Feature(feature, everywhere)
        yield Outbound(Phase.GUARD, self.take_decision, payload=_FORM)
        yield On(SessionAvailable, self.came)
        yield On(InterestsLearned, self.learned)
        yield On(PresenceShared, self.introduce)
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the tables, forget accounts that are gone, be found."""
        database = self.host.server.database
        await database.migrate("pubsub", load("extensions.pubsub.migrations"))
        for account, jid, is_taken in await store.left_over(database):
            # The next account of that name is somebody else's.
            steps = store.delete_nodes(account)
            await self.engine.write(steps if is_taken else [*steps, *store.forget(jid)])
        disco: Disco = self.host.service("disco")
        disco.offer(Item(self.service.jid, "Publish-Subscribe"))
        disco.info_sources.append(self.about)
        disco.item_sources.append(self.items_of)
        disco.account_sources.append(self.nodes_of)

    # -- requests to accounts --

    async def answer(self, request: Request) -> bytes | None:
        """Do what somebody asks of an account's nodes."""
        account, type_ = request.account, request.stanza.type or ""
        if account is None:
            assert request.stanza.to is not None
            place: Place = NobodysPlace(request.stanza.to.bare)
        else:
            place = PersonalPlace(account)
        return await carry_out(self.engine, place, request.from_, type_, request.payload)

    def take_decision(self, session: Session, stanza: Stanza) -> Verdict | None:
        """The owner's answer to a request for a subscription, sent to his own account (§8.6)."""
        account = session.account
        if stanza.to != account.jid:
            return None
        if approval.is_cancelled(stanza.element):
            return Verdict.DROP
        decision = approval.parse_decision(stanza.element)
        if decision is None:
            return None
        self.host.server.tell(lambda _: self._decide(session, stanza, decision), None)
        return Verdict.DROP

    async def _decide(self, session: Session, stanza: Stanza, decision: Decision) -> None:
        place = PersonalPlace(session.account)
        try:
            await decide(self.engine, place, session.jid, decision)
        except StanzaError as refusal:
            self.host.refuse(stanza, refusal)

    # -- moments --

    def came(self, moment: SessionAvailable) -> Awaitable[None] | None:
        """A device became available: what it wants to know may be known already."""
        session = moment.session
        if not session.interests:
            return None
        return greeting.greet(self.engine, session, session.interests)

    def learned(self, moment: InterestsLearned) -> Awaitable[None]:
        """An available device has said what it wants to know."""
        return greeting.greet(self.engine, moment.session, moment.added)

    def introduce(self, moment: PresenceShared) -> Awaitable[None]:
        """A user has let in a contact: "to all new subscribers" (XEP-0163 §4.3.4)."""
        return greeting.introduce(self.engine, moment.account.jid, moment.contact)

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone, and its nodes with it."""
        account = moment.account
        await self.engine.write([*store.delete_nodes(account.id), *store.forget(account.jid)])
        # On other hosts here it may have been something to a node as well.
        for host in self.host.server.hosts.values():
            pubsub = host.extensions.get(self.name)
            if isinstance(pubsub, PubSub):
                pubsub.engine.forget()

    # -- discovery --

    async def about(self, request: Request, node: str) -> info.Info | None:
        """What a node of an account says of itself."""
        if request.account is None:
            return None
        place = PersonalPlace(request.account)
        if await self.engine.node(place, node) is None:
            return None
        return await discovery.node_info(self.engine, place, node, request.from_)

    async def items_of(self, request: Request, node: str) -> list[Item] | None:
        """The items of a node of an account."""
        if request.account is None:
            return None
        place = PersonalPlace(request.account)
        if await self.engine.node(place, node) is None:
            return None
        return await discovery.node_items(self.engine, place, node, request.from_)

    async def nodes_of(self, request: Request) -> list[Item]:
        """The nodes of an account, as far as they are for the one who asks."""
        if request.account is None:
            return []
        found, _ = await discovery.nodes(self.engine, PersonalPlace(request.account), request.from_)
        return found

    # -- for other extensions --

    async def place(self, owner: JID) -> Place:
        """The place at an address of this host; refuses if there is none."""
        if owner == self.service.jid:
            return self.service.place
        account = await self.host.accounts.load(owner)
        if account is None:
            raise StanzaError(Condition.ITEM_NOT_FOUND, "There is no such account")
        return PersonalPlace(account)

    async def items(
        self, owner: JID, node: str, ids: Sequence[str] = (), limit: int | None = None
    ) -> list[ItemRow]:
        """Items of a node: those named, or the newest; none if there is no such node."""
        place = await self.place(owner)
        found = await self.engine.node(place, node)
        if found is None:
            return []
        if ids:
            return await retrieving.named_items(self.engine, found, list(ids))
        most = self.engine.section.items_per_node
        return (await retrieving.newest_items(self.engine, found, limit or most))[0]

    async def may_read(self, owner: JID, node: str, who: JID) -> bool:
        """Whether there is such a node, and that address may retrieve its items (§6.5.1)."""
        place = await self.place(owner)
        found = await self.engine.node(place, node)
        if found is None:
            return False
        standing = await place.standing(found, who)
        return rules.refuse_reading(found.config, standing) is None

    async def seen(
        self, owner: JID, node: str, who: JID, ids: Sequence[str] = (), limit: int | None = None
    ) -> list[ItemRow]:
        """Items of a node as somebody may see them: none if he may not."""
        if not await self.may_read(owner, node, who):
            return []
        return await self.items(owner, node, ids, limit)

    async def access(self, owner: JID, node: str) -> AccessModel | None:
        """Who may see the items of a node, in general; None if there is no such node."""
        found = await self.engine.node(await self.place(owner), node)
        return None if found is None else found.config.access_model

    async def is_private(self, owner: JID, node: str) -> bool:
        """Whether nobody but the owner may see a node, or would if it were there."""
        place = await self.place(owner)
        found = await self.engine.node(place, node)
        config = place.created({}, node) if found is None else found.config
        people = () if found is None else found.affiliations.values()
        return rules.is_private(config, people)

    async def interested(self, owner: JID, node: str) -> list[Session]:
        """The devices that would hear of a publication now, without having subscribed by name."""
        place = await self.place(owner)
        found = await self.engine.node(place, node)
        return [] if found is None else list(place.interested(found))

    async def publish(
        self, owner: JID, node: str, id_: str, payload: bytes,
        options: Mapping[str, str] | None = None,
    ) -> ItemRow:  # fmt: skip
        """Publish as the owner; `options` configure a new node, by names without `pubsub#`.

        A node that exists keeps its configuration. On disk when this returns.
        """
        place = await self.place(owner)
        values = {}
        if await self.engine.node(place, node) is None:
            values = configuration.values_from(options or {})
        wish = Wish(node, Publication(id_, payload), values, is_ours=True)
        item = await publishing.publish_item(self.engine, place, wish, owner)
        assert item is not None
        return item

    async def retract(
        self, owner: JID, node: str, ids: Sequence[str], *, notify: bool = True
    ) -> None:
        """Remove items, if they are there."""
        place = await self.place(owner)
        async with self.engine.turn(place, node):
            found = await self.engine.node(place, node)
            if found is None:
                return
            heads = await store.item_heads(self.engine.database, found.id, list(dict.fromkeys(ids)))
            if heads:
                await publishing.retract_items(self.engine, place, found, heads, notify=notify)

    async def delete(self, owner: JID, node: str) -> None:
        """Remove a node, if it is there."""
        place = await self.place(owner)
        async with self.engine.turn(place, node):
            found = await self.engine.node(place, node)
            if found is not None:
                await delete_node(self.engine, place, found)

    def guard(self, node: str, hook: Hook) -> None:
        """Ask before anything happens to the items of nodes of that name; `StanzaError` refuses.

        Within a guard nothing can be published to the same node: it is somebody's turn there.
        """
        self.engine.guards.setdefault(node, []).append(hook)

    def watch(self, node: str, hook: Hook) -> None:
        """Be told what has happened to the items of nodes of that name, when it is on disk."""
        self.engine.watchers.setdefault(node, []).append(hook)
