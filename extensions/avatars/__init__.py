"""Avatars: in nodes for modern clients, in the vCard and in presence for all others (XEP-0398).

The image is kept once, in the node. A vCard that comes with a picture is parted from it, and who
asks for a vCard gets the picture if he has access to the node.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.avatars import images, store
from extensions.avatars.images import DATA, METADATA, Image
from extensions.avatars.presence import UPDATE, Announcer, Audience, Avatar, was_changed
from extensions.pubsub.terms import AccessModel
from server import log
from server.errors import StanzaError
from server.extension import XEP, At, Extension, Feature, Load, On, Spec, Wire
from server.moments import AccountDeleted
from server.stanza import Stanza
from server.storage.errors import StorageError
from server.storage.migrate import load
from server.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from extensions.pubsub import News, PubSub
    from extensions.vcard import VCards
    from server.account import Account
    from server.element import Element
    from server.host import Host
    from server.jid import JID
    from server.session import Session

_log = log.get(__name__)

#: A vCard is there for everybody, and so is the picture that comes with it.
_OPEN: Final = {"access_model": "open", "persist_items": "true"}
_AUDIENCES: Final = {
    AccessModel.OPEN: Audience.EVERYBODY,
    AccessModel.PRESENCE: Audience.CONTACTS,
    AccessModel.ROSTER: Audience.CONTACTS,
}


class Avatars(Extension):
    """Converts avatars both ways, and announces them (XEP-0398 §3, §4)."""

    name = "avatars"
    requires = ("pubsub", "vcard")
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(84, "User Avatar", "1.1.4", note="images are checked for size and type"),
        XEP(153, "vCard-Based Avatars", "1.1.1"),
        XEP(398, "User Avatar to vCard-Based Avatars Conversion", "1.0.0"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._turns = Turns()
        self._stale: set[JID] = set()  # whose avatar is about to be looked at

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension; nodes and vCards follow when it starts."""
        # "The service MUST include a … feature … on the account" (§2).
        yield Feature("urn:xmpp:pep-vcard-conversion:0", At.OWN | At.ACCOUNT)
        yield Load(self.read, "avatar")
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the table; look at nodes and vCards."""
        database = self.host.server.database
        await database.migrate("avatars", load("extensions.avatars.migrations"))
        await store.sweep(database)
        self._pubsub: PubSub = self.host.service("pubsub")
        self._pubsub.guard(DATA, self.check)
        self._pubsub.watch(DATA, self.published)
        self._pubsub.watch(METADATA, self.published)
        vcards: VCards = self.host.service("vcard")
        vcards.guard(self.take_photo)
        vcards.finish(self.put_photo)

    async def read(self, account: Account) -> None:
        """Know the avatar with the account: its presence tells of it at once."""
        avatar = await store.find(self.host.server.database, account.id)
        if avatar is not None:
            account.guard(self.name, Announcer(avatar))

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone."""
        await store.delete(self.host.server.database, moment.account.id)

    # -- nodes --

    def check(self, news: News) -> None:
        """Refuse images that are too large, or none."""
        if news.item is not None and news.owner.local:
            images.parse_data(news.item.payload)

    def published(self, news: News) -> Awaitable[None] | None:
        """A client has published, retracted or deleted something about its avatar (§3.1)."""
        if not news.owner.local or news.owner in self._stale:
            return None
        self._stale.add(news.owner)
        return self._look(news.owner)

    async def _look(self, owner: JID) -> None:
        try:
            account = await self.host.accounts.load(owner)
            if account is not None:
                await self._refresh(account)
        finally:
            self._stale.discard(owner)

    async def _refresh(self, account: Account) -> None:
        """Announce what is shown now, if that is not what was announced."""
        async with self._turns.of(account.jid):
            self._stale.discard(account.jid)  # what comes from now on is news again
            before = _announced(account)
            avatar = await self._shown(account.jid)
            if avatar is None and before is not None:
                avatar = Avatar("")  # whoever has seen the old one learns that it is gone
            if avatar is None or avatar == before:
                return
            try:
                await store.save(self.host.server.database, account.id, avatar)
            except StorageError as error:
                # The node has it; the next change, or the next login, is another chance.
                _log.error("avatars.not_stored", error=str(error))
            account.guard(self.name, Announcer(avatar))
        if before is None or before.hash != avatar.hash:
            await self._tell(account)

    async def _shown(self, owner: JID) -> Avatar | None:
        """The image that the nodes show, if it is what it claims to be.

        "Services SHOULD verify that the SHA-1 hash of the image matches the id" (§3.1).
        """
        found = await self._pubsub.items(owner, METADATA, limit=1)
        shown = images.parse_metadata(found[0].payload) if found else None
        if shown is None:
            return None
        name, kind = shown
        found = await self._pubsub.items(owner, DATA, [name])
        audience = await self._audience(owner)
        if not found or audience is None:
            return None
        try:
            data = images.parse_data(found[0].payload)
        except StanzaError:
            return None
        image = Image(data, images.kind_of(data) or kind)
        return Avatar(image.hash, image.kind, audience) if image.hash == name else None

    async def _audience(self, owner: JID) -> Audience | None:
        """Who may see both nodes; None if that is nobody in particular."""
        audience = Audience.EVERYBODY
        for name in (DATA, METADATA):
            model = await self._pubsub.access(owner, name)
            if model is None or model not in _AUDIENCES:
                return None
            audience = min(audience, _AUDIENCES[model])
        return audience

    # -- vCards --

    async def take_photo(self, account: Account, card: Element) -> None:
        """Publish the picture of a vCard (§3.2); without one there is no avatar any more.

        "a service MUST first publish an item to the 'urn:xmpp:avatar:data' node …. Afterwards the
        service MUST publish a new item to the 'urn:xmpp:avatar:metadata' node".
        """
        image = images.take_photo(card)
        avatar = _announced(account)
        shown = "" if avatar is None else avatar.hash
        if shown == ("" if image is None else image.hash):
            return
        owner, name, publish = account.jid, "", self._pubsub.publish
        if image is not None:
            name = image.hash
            await publish(owner, DATA, name, images.build_data(image), _OPEN)
        await publish(owner, METADATA, name, images.build_metadata(image), _OPEN)
        await self._refresh(account)

    async def put_photo(self, account: Account, who: JID, card: Element) -> None:
        """Show the avatar in a vCard to those who may see it.

        "Services that dynamically inject the PEP avatar into a vCard response SHOULD check if the
        entity that requested the vCard has access to both PEP nodes" (§7).
        """
        avatar, owner = _announced(account), account.jid
        if avatar is None or not avatar.hash:
            return
        may_read = self._pubsub.may_read
        if not await may_read(owner, METADATA, who) or not await may_read(owner, DATA, who):
            return
        found = await self._pubsub.items(owner, DATA, [avatar.hash])
        for item in found:
            images.put_photo(card, Image(images.parse_data(item.payload), avatar.kind))
        if not found and owner not in self._stale:
            # Another one is shown, and a crash kept that from being announced.
            self._stale.add(owner)
            self.host.server.tell(self._look, owner)

    # -- presence --

    async def _tell(self, account: Account) -> None:
        """Repeat the presence of all devices, with the new hash."""
        for session in list(account.reach.available):
            stanza = _again(session)
            pending = None if stanza is None else self.host.submit(session, stanza)
            if pending is not None:
                await pending


def _announced(account: Account) -> Avatar | None:
    announcer = account.guards.get(Avatars.name)
    return announcer.avatar if isinstance(announcer, Announcer) else None


def _again(session: Session) -> Stanza | None:
    """The last presence of a session, without what was put into it."""
    if session.presence is None:
        return None
    element = deepcopy(session.presence.element)
    stanza = Stanza("presence", element, None, session.jid)
    if was_changed(session) and UPDATE in stanza.payloads:
        stanza.drop(stanza.payloads[UPDATE])
    return stanza
