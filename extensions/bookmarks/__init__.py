"""Bookmarks of rooms: one set, in whatever way a client keeps them.

Modern clients have an item for each room (XEP-0402), older ones a list of all in one item or in
private XML (XEP-0048, XEP-0049). `keeping.py` keeps them the same, `formats.py` converts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extensions.bookmarks.formats import LEGACY, NATIVE, STORAGE
from extensions.bookmarks.keeping import Keeper
from server.errors import StanzaError
from server.extension import XEP, At, Extension, Feature, Load, On, Spec, Wire
from server.moments import SessionBound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.private_storage import PrivateStorage
    from extensions.pubsub import PubSub
    from server.account import Account
    from server.host import Host


class Bookmarks(Extension):
    """Unifies bookmarks (XEP-0402 §5.3, XEP-0411)."""

    name = "bookmarks"
    requires = ("private_storage", "pubsub")
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(48, "Bookmarks", "1.2"),
        XEP(402, "PEP Native Bookmarks", "1.2.0", note="one set with those of XEP-0048"),
        XEP(411, "Bookmarks Conversion", "1.1.0"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._may_have_list: set[int] = set()  # accounts in memory that were not looked at yet

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension; nodes and private XML follow when it starts."""
        # "The service MUST include a … feature … on the account" (XEP-0411 §2).
        yield Feature("urn:xmpp:bookmarks-conversion:0", At.OWN)
        yield Feature(f"{NATIVE}#compat", At.OWN)
        yield Feature(f"{NATIVE}#compat-pep", At.OWN)
        yield Load(self.note, "private_storage")
        yield On(SessionBound, self.came)

    async def start(self) -> None:
        """Take over the list in private XML, and look at the two nodes."""
        self._keeper = keeper = Keeper(self.host)
        pubsub: PubSub = self.host.service("pubsub")
        private: PrivateStorage = self.host.service("private_storage")
        private.claim(STORAGE, keeper.read, keeper.write)
        pubsub.watch(NATIVE, keeper.native_changed)
        pubsub.guard(LEGACY, keeper.legacy_comes)
        pubsub.watch(LEGACY, keeper.legacy_published)

    async def note(self, account: Account) -> None:
        """There is something in private XML: a list from before there were items, perhaps."""
        self._may_have_list.add(account.id)

    async def came(self, moment: SessionBound) -> None:
        """Somebody is here, perhaps with such a list."""
        account = moment.session.account
        if account.id not in self._may_have_list:
            return
        try:
            await self._keeper.absorb(account)
        except StanzaError:
            return  # there is no room; another time, then
        self._may_have_list.discard(account.id)
