"""The two commands by which invitations are made, in any client (XEP-0401 §3, §5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from extensions.commands import Command, Done, Stage, Who
from extensions.invitations import links
from extensions.invitations.book import Taken, TooMany
from extensions.invitations.store import Invitation
from extensions.payloads import timestamps
from extensions.payloads.forms import Field, Form, typed
from server.control import Refused
from server.errors import Condition, ErrorType, StanzaError
from server.extension import At

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.invitations.book import Book
    from server.account import Account
    from server.extension import Request
    from server.host import Host

INVITE: Final = "urn:xmpp:invite#invite"
CREATE: Final = "urn:xmpp:invite#create-account"
RESULT: Final = "urn:xmpp:invite#invitation"

_FORM: Final = Form(
    "form",
    (
        Field("username", (), "text-single", "Username"),
        Field("roster-subscription", (), "boolean", "Roster subscription"),
    ),
    "Create account",
    "Without a username it is for the invited to choose one.",
)


def all_of(host: Host, book: Book) -> Iterable[Command]:
    """The commands of a host, as far as its configuration has them."""
    desk = Desk(host, book)
    yield Command(INVITE, "Invite user", At.HOST, Who.LOCAL, desk.invite)
    accounts = book.section.accounts
    if accounts != "nobody":
        who = Who.LOCAL if accounts == "users" else Who.ADMINS
        yield Command(CREATE, "Create account", At.HOST, who, desk.ask)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where invitations are asked for."""

    host: Host
    book: Book

    async def invite(self, request: Request) -> Done:
        """A link to become the user's contact, at once (§5.1)."""
        assert request.session is not None
        inviter = request.session.account
        registers = self._vouches(inviter)
        wish = Invitation("", self.host.domain, contact=True, registers=registers)
        made, token = await self._issue(wish, inviter)
        return self._told(made, token, links.roster(inviter.jid, token, registers=registers))

    def _vouches(self, inviter: Account) -> bool:
        """Whether whom that user invites may make an account."""
        accounts = self.book.section.accounts
        if accounts == "admins":
            return inviter.jid in self.host.server.config.server.admins
        return accounts == "users"

    async def ask(self, request: Request) -> Stage:
        """Whom the new account is for (§5.4)."""
        return Stage(_FORM, self.create)

    async def create(self, request: Request, given: Form) -> Done:
        """A link to make an account."""
        inviter = None if request.session is None else request.session.account
        wish = Invitation(
            "", self.host.domain, username=(given.value("username") or "").strip(),
            registers=True, contact=bool(given.flag("roster-subscription")),
        )  # fmt: skip
        made, token = await self._issue(wish, inviter)
        return self._told(made, token, links.register(made.username, made.domain, token))

    async def _issue(self, wish: Invitation, inviter: Account | None) -> tuple[Invitation, str]:
        if inviter is not None:
            wish = replace(wish, inviter=inviter.jid, inviter_id=inviter.id)
        try:
            return await self.book.issue(wish)
        except Taken as taken:
            raise StanzaError(Condition.CONFLICT, str(taken)) from None
        except TooMany as many:
            raise StanzaError(Condition.RESOURCE_CONSTRAINT, str(many), ErrorType.WAIT) from None
        except Refused as refused:
            raise StanzaError(Condition.NOT_ACCEPTABLE, str(refused)) from None

    def _told(self, made: Invitation, token: str, uri: str) -> Done:
        """What comes of it (§5.1)."""
        fields = [Field("uri", (uri,), "text-single", "Link")]
        page = links.page(self.book.section.landing_page, uri, token)
        if page:
            fields.append(Field("landing-url", (page,), "text-single", "Web page"))
        expire = timestamps.build(made.expires)
        fields.append(Field("expire", (expire,), "text-single", "Good until"))
        return Done(form=Form("result", typed(RESULT, *fields)))
