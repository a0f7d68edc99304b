"""The commands by which users see and take back their invitations, and administrators all.

XEP-0401 has none for this, so the nodes are ours. Tokens are not known any more: what is listed is
named by the beginning of an invitation's id, as on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.commands import Command, Done, Note, Stage, Who
from extensions.payloads import timestamps
from extensions.payloads.forms import Field, Form, Option
from server.errors import Condition, StanzaError
from server.extension import At

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extensions.invitations.book import Book
    from extensions.invitations.store import Invitation
    from server.extension import Request
    from server.host import Host

LIST: Final = "invitations"
REVOKE: Final = "revoke-invitations"

#: Invitations shown at once.
MOST: Final = 200
#: Characters of an id that are shown.
_SHOWN: Final = 12
_NONE: Final = "There are no invitations that can be used"
_MORE: Final = (Note("There are more", "warn"),)
_COLUMNS: Final = (
    Field("id", (), "text-single", "Invitation"),
    Field("kind", (), "text-single", "For"),
    Field("username", (), "text-single", "Username"),
    Field("uses", (), "text-single", "Uses left"),
    Field("expires", (), "text-single", "Good until"),
    Field("inviter", (), "jid-single", "From"),
)


@dataclass(frozen=True, slots=True)
class Overview:
    """The invitations of a host, as far as the one who asks may know of them."""

    host: Host
    book: Book

    def commands(self) -> Iterable[Command]:
        """Those on offer."""
        yield Command(LIST, "List invitations", At.HOST, Who.LOCAL, self.show)
        yield Command(REVOKE, "Revoke invitations", At.HOST, Who.LOCAL, self.ask)

    async def show(self, request: Request) -> Done:
        """What can be used now."""
        found = await self._open(request)
        if not found:
            return Done(_NONE)
        rows = tuple(_row(each) for each in found[:MOST])
        form = Form("result", title="Invitations", reported=_COLUMNS, items=rows)
        return Done(form=form, notes=_MORE if len(found) > MOST else ())

    async def ask(self, request: Request) -> Stage | Done:
        """Which to take back."""
        found = await self._open(request)
        if not found:
            return Done(_NONE)
        options = tuple(Option(each.id, _label(each)) for each in found[:MOST])
        field = Field(
            "invitations", (), "list-multi", "Revoke", required=True, options=options
        )  # fmt: skip
        notes = _MORE if len(found) > MOST else ()
        return Stage(Form("form", (field,), "Revoke invitations"), self.revoke, notes=notes)

    async def revoke(self, request: Request, given: Form) -> Done:
        """Take them back; who has shown a token already can use it no more either."""
        owner = self._owner(request)
        ids = dict.fromkeys(given.values("invitations"))
        gone = sum([await self.book.withdraw(id_, self.host.domain, owner) for id_ in ids])
        return Done(f"{gone} invitations were revoked")

    async def _open(self, request: Request) -> Sequence[Invitation]:
        return await self.book.of(self.host.domain, self._owner(request), MOST + 1)

    def _owner(self, request: Request) -> int:
        """Whose invitations these are: the number of an account, 0 for everybody's."""
        if request.from_.bare in self.host.server.config.server.admins:
            return 0
        if request.session is None:
            raise StanzaError(Condition.FORBIDDEN, "You have no account here")
        return request.session.account.id


def _row(each: Invitation) -> tuple[Field, ...]:
    values = (
        each.id[:_SHOWN], _kind(each), each.username, str(each.uses),
        timestamps.build(each.expires), str(each.inviter or ""),
    )  # fmt: skip
    return tuple(
        Field(column.var, (value,)) for column, value in zip(_COLUMNS, values, strict=True)
    )


def _label(each: Invitation) -> str:
    """One line that tells it from others."""
    whom = f" for {each.username}" if each.username else ""
    inviter = f", from {each.inviter}" if each.inviter else ""
    until = timestamps.build(each.expires)
    return f"{each.id[:_SHOWN]}: {_kind(each)}{whom}, until {until}{inviter}"


def _kind(each: Invitation) -> str:
    if each.registers:
        return "account and contact" if each.contact else "account"
    return "contact"
