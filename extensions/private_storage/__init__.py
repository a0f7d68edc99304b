"""Private XML: what clients keep on the server for their user alone (XEP-0049).

Other extensions use it by its name, `host.service("private_storage")`:

    await private.find(account, tag)            what is stored, serialised; empty if nothing is
    await private.save(account, {tag: content}) whatever owns the tag is not asked
    private.claim(tag, read, write)             answers for a tag in place of what is stored
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.private_storage import rules, store
from extensions.private_storage.rules import NS
from server.element import escape
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, On, Request, Spec, Wire
from server.moments import AccountDeleted
from server.storage.errors import StorageError
from server.storage.migrate import load
from server.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from server.account import Account
    from server.host import Host

    Read = Callable[[Account], Awaitable[bytes]]
    Write = Callable[[Account, bytes], Awaitable[None]]

QUERY: Final = f"{{{NS}}}query"


class PrivateStorage(Extension):
    """Stores elements for an account and gives them back (XEP-0049 §2)."""

    name = "private_storage"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(49, "Private XML Storage", "1.2"),)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._turns = Turns()
        self._claims: dict[str, tuple[Read, Write]] = {}

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS, At.HOST | At.OWN)
        yield IQ("get", QUERY, self.answer_get, At.OWN)
        yield IQ("set", QUERY, self.answer_set, At.OWN)
        for type_ in ("get", "set"):
            yield IQ(type_, QUERY, self.refuse, At.ACCOUNT | At.NOBODY)
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the table, and forget accounts that are gone."""
        await self.host.server.database.migrate(
            "private_storage", load("extensions.private_storage.migrations")
        )
        await store.sweep(self.host.server.database)

    # -- requests --

    async def answer_get(self, request: Request) -> bytes:
        """Give what is stored; of what is not, the element that was asked for, empty."""
        account = request.account
        assert account is not None
        found = []
        for tag in rules.parse_get(request.payload):
            claim = self._claims.get(tag)
            content = await (claim[0](account) if claim else self.find(account, tag))
            found.append(content or _empty(tag))
        return b"<query xmlns='jabber:iq:private'>%s</query>" % b"".join(found)

    async def answer_set(self, request: Request) -> None:
        """Store; it is on disk when the client gets its answer."""
        account = request.account
        assert account is not None
        contents = rules.parse_set(request.payload)
        claimed = {tag: contents.pop(tag) for tag in list(contents) if tag in self._claims}
        if contents:
            await self.save(account, contents)
        for tag, content in claimed.items():
            await self._claims[tag][1](account, content)

    def refuse(self, request: Request) -> None:
        """Keep it private.

        "If a user attempts to get or set jabber:iq:private data that belongs to another user, the
        server MUST return a "Forbidden" or "Service Unavailable" error" (§2.3).
        """
        raise StanzaError(Condition.FORBIDDEN, "What others keep for themselves is theirs")

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone, and what it kept with it."""
        await store.delete(self.host.server.database, moment.account.id)

    # -- for other extensions --

    def claim(self, tag: str, read: Read, write: Write) -> None:
        """From now on these answer for elements of that tag."""
        self._claims[tag] = read, write

    async def find(self, account: Account, tag: str) -> bytes:
        """What is stored under a tag; empty if nothing is."""
        return await store.find(self.host.server.database, account.id, tag)

    async def save(self, account: Account, contents: Mapping[str, bytes]) -> None:
        """Store what belongs under these tags; refuses if there is no room."""
        db = self.host.server.database
        # One after the other: two at once would both find the room that is there for one.
        async with self._turns.of(account.id):
            rules.check_room(await store.sizes(db, account.id), contents)
            try:
                await store.save(db, account.id, contents)
            except StorageError as error:
                text = "This server cannot store anything now; try again later"
                raise StanzaError(Condition.RESOURCE_CONSTRAINT, text) from error


def _empty(tag: str) -> bytes:
    namespace, _, name = tag[1:].partition("}")
    return b"<%s xmlns='%s'/>" % (name.encode(), escape(namespace))
