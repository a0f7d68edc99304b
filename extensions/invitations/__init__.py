"""Invitations: links by which users become contacts and strangers get accounts.

XEP-0401 makes them, XEP-0445 and XEP-0379 are the two ways to use one: to show its token before
registering, or with a subscription request. Who may register without one is up to `registration`,
which asks here about those who have one. Theory of operation: `book.py`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.invitations import commands
from extensions.invitations.book import Book
from extensions.invitations.introduction import introduce
from extensions.invitations.overview import Overview
from extensions.invitations.section import Invitations as Section
from extensions.invitations.store import Invitation
from server import log
from server.c2s.throttle import Throttle
from server.element import escape
from server.errors import Condition, ErrorType, StanzaError
from server.extension import XEP, Approval, Early, Extension, Spec, StreamFeature, Wire
from server.storage.errors import StorageError
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from server.account import Account
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.host import Host
    from server.jid import JID
    from server.stanza import Stanza

_log = log.get(__name__)

PREAUTH: Final = "{urn:xmpp:pars:0}preauth"
FEATURE: Final = b"<register xmlns='urn:xmpp:ibr-token:0'/>"

#: Where a stream keeps the invitation that was shown on it.
_SHOWN: Final = "invitation"
#: The answer is the same whatever is wrong, so that a stranger learns nothing by trying.
_UNKNOWN: Final = "The provided token is invalid or expired"


class Invitations(Extension):
    """Issues invitations, and lets in whoever has one."""

    name = "invitations"
    requires = ("commands", "registration")
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(401, "Ad-hoc Account Invitation Generation", "0.6.0", note="pages are yours"),
        XEP(445, "Pre-Authenticated In-Band Registration", "0.2.0"),
        XEP(379, "Pre-Authenticated Roster Subscription", "0.3.3", note="tokens of the server's"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        server = host.server
        self.section = server.config.room(Section)
        self.book = Book(server.database, server.clock, server.entropy, self.section)
        auth = server.config.auth
        self._throttle = Throttle(server.clock, auth.failures, float(auth.failures_window))

    @property
    def admit_strangers(self) -> bool:
        """Whether anybody's invitations allow to make an account."""
        return self.section.accounts != "nobody"

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Approval(PREAUTH, self.approves)
        if self.admit_strangers:
            yield StreamFeature(FEATURE, before=True)
            yield Early(PREAUTH, self.show)

    async def start(self) -> None:
        """Make the table, offer the commands."""
        await self.host.server.database.migrate("invitations", load(f"{__name__}.migrations"))
        offers = (commands.all_of(self.host, self.book), Overview(self.host, self.book).commands())
        for command in chain(*offers):
            self.host.service("commands").offer(command)

    # -- before registration (XEP-0445 §4) --

    async def show(self, stream: ClientStream, element: Element) -> None:
        """A stranger shows a token; if it is good the stream remembers."""
        try:
            if element.get("type") != "set":
                raise StanzaError(Condition.BAD_REQUEST, "A token comes in a set")
            await self.shows(stream, element[0].get("token", ""))
        except StanzaError as refusal:
            self._answer(stream, element, b"error", refusal.build())
            return
        self._answer(stream, element, b"result", b"")

    async def shows(self, stream: ClientStream, token: str) -> None:
        """The same, however the token came. Raises StanzaError."""
        throttle, peer = self.host.server.throttle, stream.connection.peer
        if throttle.is_blocked(peer):
            raise StanzaError(
                Condition.RESOURCE_CONSTRAINT, "Too many failures; wait", ErrorType.WAIT
            )
        found = await self.book.find(token, self.host.domain)
        if found is None or not found.registers:
            throttle.failed(peer)
            raise StanzaError(Condition.ITEM_NOT_FOUND, _UNKNOWN)
        stream.state = {**(stream.state or {}), _SHOWN: found}

    def _answer(self, stream: ClientStream, element: Element, kind: bytes, content: bytes) -> None:
        stream.write(
            b"<iq type='%s' id='%s' from='%s'>%s</iq>"
            % (kind, escape(element.get("id", "")), self.host.jid.wire, content)
        )

    # -- for registration --

    def shown(self, stream: ClientStream) -> Invitation | None:
        """The invitation that was shown on a stream, good at that time."""
        found = (stream.state or {}).get(_SHOWN)
        return found if isinstance(found, Invitation) else None

    async def check(self, stream: ClientStream, jid: JID) -> None:
        """Whether a stranger may have that name. Raises StanzaError."""
        shown = self.shown(stream)
        if shown is not None and shown.username == jid.local:
            return
        if shown is not None and shown.username:
            text = f"This invitation is for {shown.username}"
            raise StanzaError(Condition.NOT_ACCEPTABLE, text)
        if await self.book.is_reserved(jid):
            raise StanzaError(Condition.CONFLICT, "This username is taken")

    @asynccontextmanager
    async def redeemed(self, stream: ClientStream, jid: JID) -> AsyncIterator[None]:
        """The account is made inside; if that fails, the invitation has not been used.

        "single-use tokens MUST NOT be considered used until the actual registration has succeeded"
        (XEP-0445 §4): it is held while that goes on, so that two cannot succeed.
        """
        shown = self.shown(stream)
        assert shown is not None
        if not await self.book.take(shown):
            raise StanzaError(Condition.ITEM_NOT_FOUND, _UNKNOWN)
        try:
            yield
        except BaseException:
            await self.book.give_back(shown)
            raise
        stream.state = {key: kept for key, kept in (stream.state or {}).items() if key != _SHOWN}
        if shown.contact and shown.inviter is not None:
            await introduce(self.host.server, shown.inviter, jid)

    # -- with a subscription request (XEP-0379 §3.5) --

    async def approves(self, account: Account, stanza: Stanza) -> bool:
        """Whether the request came with a token of this account's; it is used by that.

        "If a client receives a malformed or unknown 'preauth' token, it MUST ignore it and act as
        if no preauth token was contained" (§4.1).
        """
        place = stanza.from_.bare.replace(":", ".")
        if self._throttle.is_blocked(place):
            return False
        token = stanza.payloads[PREAUTH].get("token", "")
        try:
            found = await self.book.find(token, self.host.domain)
            if found is not None and found.contact and found.inviter_id == account.id:
                return await self.book.take(found)
        except StorageError as outage:
            # The user can still answer himself.
            _log.warning("invitation.not_looked_up", error=str(outage))
            return False
        self._throttle.failed(place)
        return False
