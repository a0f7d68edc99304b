"""Accounts in the hands of their users: made, given a new password, deleted (XEP-0077)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, cast

from extensions.registration import accounts, payloads
from extensions.registration.door import Door
from server.administration import NotThere
from server.element import escape
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.extension import (
    IQ,
    XEP,
    At,
    Early,
    Extension,
    Feature,
    Request,
    Spec,
    StreamFeature,
    Wire,
)
from server.moments import PasswordChanged
from server.orders import Orders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable

    from extensions.invitations import Invitations
    from server.account import Account
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.host import Host
    from server.jid import JID
    from server.session import Session

NS: Final = "jabber:iq:register"
QUERY: Final = f"{{{NS}}}query"


class Registration(Extension):
    """In-band registration (XEP-0077 §3).

    Strangers may register where it is switched on, or when they show an invitation (XEP-0445).
    """

    name = "registration"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(77, "In-Band Registration", "2.4", note="new accounts: by invitation"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        server = host.server
        self._config = server.config.registration
        self._orders = Orders(server)
        self._door = Door(server.clock, float(self._config.pause))

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS)
        yield IQ("get", QUERY, self.answer_form, At.HOST | At.OWN)
        yield IQ("set", QUERY, self.change, At.HOST | At.OWN)
        if self._config.enabled or self._invitations is not None:
            # COMPAT: clients with an invitation look for this feature too (XEP-0445 §3).
            yield StreamFeature(
                b"<register xmlns='http://jabber.org/features/iq-register'/>", before=True
            )
            yield Early(QUERY, self.register)

    @property
    def _invitations(self) -> Invitations | None:
        """Who knows who was invited, if anybody may register by that."""
        found = cast("Invitations | None", self.host.extensions.get("invitations"))
        return found if found is not None and found.admit_strangers else None

    # -- before authentication --

    def register(self, stream: ClientStream, element: Element) -> Awaitable[None] | None:
        """A stranger asks what is needed, or brings it (§3.1.1)."""
        if element.get("type") == "get":
            self._say(stream, element, self._form(stream))
            return None
        return self._create(stream, element)

    async def _create(self, stream: ClientStream, element: Element) -> None:
        """Make the account, or say why not."""
        host, server = self.host, self.host.server
        try:
            if element.get("type") != "set":
                raise StanzaError(Condition.BAD_REQUEST, "Registering takes a get and a set")
            wish = payloads.Wish.parse(element[0])
            address = accounts.address(wish, host.domain)
            if wish.token and self._invitations is not None:
                await self._invitations.shows(stream, wish.token)
            async with self._admitted(stream, address):
                await accounts.create(server, address, wish.password)
        except StanzaError as refusal:
            self._say(stream, element, refusal.build(), "error")
            return
        stream.state = {**(stream.state or {}), NS: True}
        self._say(stream, element, b"")

    def _form(self, stream: ClientStream) -> bytes:
        """What a stranger must fill in; who is invited may have only one name to choose."""
        shown = None if self._invitations is None else self._invitations.shown(stream)
        if shown is None and not self._config.enabled:
            return payloads.form_for_invited()
        return payloads.form("" if shown is None else shown.username)

    async def _permit(self, stream: ClientStream, address: JID) -> bool:
        """Whether an invitation lets a stranger have that name; if not, everybody may."""
        invitations = self._invitations
        shown = None if invitations is None else invitations.shown(stream)
        if shown is None and not self._config.enabled:
            raise StanzaError(Condition.NOT_ALLOWED, "Only who is invited may register here")
        if invitations is not None:
            await invitations.check(stream, address)
        is_given = shown is not None and shown.username == address.local and not shown.inviter_id
        if address in self.host.server.config.server.admins and not is_given:
            # Whoever has that name rules here: the operator alone gives it away.
            raise StanzaError(Condition.CONFLICT, accounts.TAKEN)
        return shown is not None

    @asynccontextmanager
    async def _admitted(self, stream: ClientStream, address: JID) -> AsyncIterator[None]:
        """An account may be made inside, by an invitation or because everybody may."""
        is_invited, invitations = await self._permit(stream, address), self._invitations
        if is_invited and invitations is not None:
            async with invitations.redeemed(stream, address):
                yield
            return
        # A server may refuse "a second identity after successfully completing" one (§3.1.1):
        # where accounts must pause between each other, they must do so on one stream too.
        if float(self._config.pause) and stream.state is not None and NS in stream.state:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "You have registered; now log in")
        self._door.enter(stream.connection.peer)
        try:
            yield
        except StanzaError:
            self._door.left(stream.connection.peer)
            raise

    def _say(
        self, stream: ClientStream, element: Element, payload: bytes, kind: str = "result"
    ) -> None:
        stream.write(
            b"<iq type='%s' id='%s' from='%s'>%s</iq>"
            % (kind.encode(), escape(element.get("id", "")), self.host.jid.wire, payload)
        )

    # -- for users --

    def answer_form(self, request: Request) -> bytes:
        """What is on file (§3.1): for a user the name, for others nothing."""
        account = _user(request)
        return payloads.registered(account.jid.local)

    async def change(self, request: Request) -> None:
        """A new password (§3.3), or the end of the account (§3.2)."""
        account = _user(request)
        if payloads.is_removal(request.payload):
            await self._remove(account)
        else:
            await self._change_password(account, payloads.Wish.parse(request.payload))
            self._end_others(account, request.session)
            self.host.moment(PasswordChanged(account.jid, request.session))

    async def _change_password(self, account: Account, wish: payloads.Wish) -> None:
        if not self._config.password_change:
            raise StanzaError(Condition.NOT_ALLOWED, "Ask the operator for a new password")
        if accounts.address(wish, self.host.domain) != account.jid:
            raise StanzaError(Condition.FORBIDDEN, "This is not your account")
        await accounts.change_password(self.host.server, account, wish.password)

    def _end_others(self, account: Account, own: Session | None) -> None:
        """Whoever came in by the old password is shown out, but for the one who changed it."""
        changed = StreamError(StreamCondition.RESET, "The password was changed")
        for session in list(account.sessions.values()):
            if session is not own:
                self.host.server.sessions.end(session, changed)

    async def _remove(self, account: Account) -> None:
        """Delete an account as administrators do, but for the time when its sessions end.

        The answer goes first; then "the server SHOULD … return a <not-authorized/> stream error
        and terminate all active sessions for the entity" (§3.2).
        """
        try:
            await replace(self._orders.accounts(), deleted=self._part_later).delete(account.jid)
        except NotThere as gone:
            raise StanzaError(Condition.REGISTRATION_REQUIRED, str(gone)) from None

    def _part_later(self, jid: JID) -> None:
        self.host.server.tasks.spawn(self._part(jid), "registration")

    async def _part(self, jid: JID) -> None:
        self._orders.deleted(jid)


def _user(request: Request) -> Account:
    """The local user who asks; "the host MUST determine the identity … based on the 'from'"."""
    if request.session is None or request.session.account.jid.domain != request.host.domain:
        raise StanzaError(Condition.FORBIDDEN, "You have no account here")
    return request.session.account
