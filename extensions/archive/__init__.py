"""The archive of each account: asked in pages, and told what to keep (XEP-0313, XEP-0441).

What goes into it is decided in `server/messages/rules.py` and stored on the way of the message;
here it is read. A page is made of stored bytes: nothing is parsed, nothing is serialised again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.archive import preferences, results
from extensions.archive.query import Query, fields_form
from extensions.payloads import rsm
from server import message_id
from server.element import E
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Bound, Extension, Feature, Request, Spec, Wire
from server.storage import archive as store
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.element import Element
    from server.session import Session
    from server.storage.database import Database

NS: Final = "urn:xmpp:mam:2"
QUERY: Final = f"{{{NS}}}query"
PREFS: Final = f"{{{NS}}}prefs"

#: Results in a page when the client does not say how many it wants.
DEFAULT_PAGE: Final = 100

#: How often to look whether a slow client has read what it asked for, in seconds.
PATIENCE: Final = 0.02

_ACCOUNTS: Final = At.OWN | At.ACCOUNT


class Archive(Extension):
    """Lets owners, and nobody else, read their archives (XEP-0313 §4, §5)."""

    name = "archive"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(313, "Message Archive Management", "1.1.3", note="archives of accounts"),
        XEP(441, "Message Archive Management Preferences", "0.2.0"),
        XEP(59, "Result Set Management", "1.0", note="no pages by index"),
        XEP(4, "Data Forms", "2.13.2"),
        XEP(68, "Field Standardization for Data Forms", "1.3.0"),
        XEP(297, "Stanza Forwarding", "1.0"),
        XEP(359, "Unique and Stable Stanza IDs", "0.7.0"),
    )

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension.

        "it MUST advertise the 'urn:xmpp:mam:2' and 'urn:xmpp:mam:2#extended' features in response
        to … requests made to archiving JIDs" (§7).
        """
        # COMPAT: Profanity 0.13 asks only the domain whether there are archives.
        yield Feature(NS, _ACCOUNTS | At.HOST)
        yield Feature(f"{NS}#extended", _ACCOUNTS)
        yield Feature(f"{NS}#groupchat-field", _ACCOUNTS)
        yield Feature("urn:xmpp:sid:0", _ACCOUNTS)
        yield IQ("get", QUERY, self.answer_fields, At.OWN)
        yield IQ("set", QUERY, self.answer_query, At.OWN)
        yield IQ("get", f"{{{NS}}}metadata", self.answer_metadata, At.OWN)
        yield Bound(self.describe)
        yield IQ("get", PREFS, self.answer_preferences, At.OWN)
        yield IQ("set", PREFS, self.change_preferences, At.OWN)
        for type_, name in (("get", "query"), ("set", "query"), ("get", "metadata"),
                            ("get", "prefs"), ("set", "prefs")):  # fmt: skip
            yield IQ(type_, f"{{{NS}}}{name}", self.refuse, At.ACCOUNT | At.NOBODY)

    def refuse(self, request: Request) -> None:
        """Somebody else's archive.

        "the server MUST return an iq with type error, and the error condition SHOULD be
        'forbidden'" (§8.1).
        """
        raise StanzaError(Condition.FORBIDDEN, "An archive is open to its owner alone")

    def answer_fields(self, request: Request) -> Element:
        """What can be asked for (§4.1.5)."""
        return E(QUERY, None, fields_form())

    async def answer_query(self, request: Request) -> bytes:
        """Send a page of results, then say what it held (§4.2, §4.3)."""
        account = _owner(request)
        query = Query.parse(request.payload)
        await self._until_read(request.session)
        await self._sync()
        await self._check(account, query.mentioned())
        if query.limit == 0:
            count = await store.count(self._database, account.id, query.filter)
            return results.fin(rsm.build(count=count), complete=not count)
        limit = min(query.limit or DEFAULT_PAGE, self.host.server.config.archive.max_page)
        found = await store.page(
            self._database, account.id, query.filter, limit, query.is_backwards
        )
        entries, is_cut = results.fit(found.entries, query.is_backwards)
        if request.session is not None and request.session.progress is not None:
            request.session.progress.asks_archive()
        self._send(request, account, query, entries)
        return results.last_word(query, entries, complete=found.complete and not is_cut)

    def _send(
        self, request: Request, account: Account, query: Query, entries: list[tuple[int, bytes]]
    ) -> None:
        """One stanza for each result, so that each is acknowledged by itself (XEP-0198).

        "the server MUST send the <iq/> result after last query result has been sent" (§4).
        """
        build = results.builder(account.jid, request.from_, query.query_id)
        session = request.session
        for mid, wire in reversed(entries) if query.flip else entries:
            if session is None:
                request.send(build(mid, wire))
            else:
                # Negative: what the client has fetched waits no longer, but nobody else gets it if
                # it is not acknowledged.
                session.send(build(mid, wire), -mid)

    async def answer_metadata(self, request: Request) -> bytes:
        """The first and the last entry of the archive (§5)."""
        return await self.describe(_owner(request))

    async def describe(self, account: Account) -> bytes:
        """The ends of an archive, as they are told with a new session too (XEP-0386 §3.2)."""
        await self._sync()
        return results.metadata(await store.bounds(self._database, account.id))

    def answer_preferences(self, request: Request) -> bytes:
        """What the owner wants archived (XEP-0441 §2.1)."""
        return preferences.build(_owner(request).preferences)

    async def change_preferences(self, request: Request) -> bytes:
        """Take the owner's wishes, and answer with them as they are now (XEP-0441 §2.1)."""
        account = _owner(request)
        wishes = preferences.parse(request.payload)
        await preferences.save(self._database, account.id, wishes)
        account.preferences = wishes
        return preferences.build(wishes)

    async def _check(self, account: Account, texts: tuple[str, ...]) -> None:
        """Refuse identifiers that the archive does not know.

        "If any UID requested by the client … is not present in the archive, the server MUST return
        an item-not-found error" (§4.1.3, §4.3.2).
        """
        if not texts:
            return
        ids = {message_id.decode(text) for text in texts}
        known = [each for each in ids if each is not None]
        if len(known) < len(ids) or await store.missing(self._database, account.id, known):
            raise StanzaError(Condition.ITEM_NOT_FOUND, "The archive holds no such message")

    async def _until_read(self, session: Session | None) -> None:
        """Wait for a client that asks for more pages than it reads; its next request waits too."""
        while session is not None and session.stream is not None and session.stream.is_congested:
            await self.host.server.clock.sleep(PATIENCE)

    async def _sync(self) -> None:
        """What was acknowledged to its sender is on disk; what is newer should be seen as well."""
        with suppress(StorageError):  # a disk that cannot be written can still be read
            await self._database.journal.sync()

    @property
    def _database(self) -> Database:
        database: Database = self.host.server.database
        return database


def _owner(request: Request) -> Account:
    """The account that asks for its own archive: requests are wired for nobody else."""
    if request.account is None or not request.is_own:
        raise StanzaError(Condition.FORBIDDEN, "An archive is open to its owner alone")
    return request.account
