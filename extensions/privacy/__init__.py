"""What users keep to themselves, enforced by the server whatever their clients do.

That is whether they are online, since when they are away, what they have read, and who may write.
They choose by a command of their account (XEP-0050). Hiding hides both ways: whoever does not show
his presence, or what he has read, does not see that of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extensions.commands import Command, Done, Stage, Who
from extensions.privacy import payloads, store
from extensions.privacy.guard import NAME, PrivacyGuard
from extensions.privacy.rules import OPEN
from server.extension import XEP, At, Extension, Load, On, Request, Spec, Wire
from server.moments import AccountDeleted
from server.presence import veils
from server.storage.migrate import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.payloads.forms import Form
    from extensions.privacy.rules import Settings
    from server.account import Account


class Privacy(Extension):
    """Keeps the privacy settings of a host's accounts; enforced by `guard.PrivacyGuard`."""

    name = NAME
    requires = ("commands",)
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(319, "Last User Interaction in Presence", "1.0.2", note="hidden where users want it"),
    )

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Load(self.read, "privacy")
        yield On(AccountDeleted, self.forget)

    async def start(self) -> None:
        """Make the table, forget accounts that are gone, offer the command."""
        database = self.host.server.database
        await database.migrate("privacy", load("extensions.privacy.migrations"))
        await store.forget_departed(database)
        commands = self.host.service("commands")
        commands.offer(Command("privacy", "Privacy", At.OWN, Who.OWNER, self.show))

    async def read(self, account: Account) -> None:
        """An account comes into memory."""
        _hang_up(account, await store.load(self.host.server.database, account.id))

    async def forget(self, moment: AccountDeleted) -> None:
        """An account is gone."""
        await store.forget(self.host.server.database, moment.account.id)

    # -- the command --

    async def show(self, request: Request) -> Stage:
        """What holds now."""
        settings = await store.load(self.host.server.database, _owner(request).id)
        return Stage(payloads.build(settings), self.change)

    async def change(self, request: Request, form: Form) -> Done:
        """Take what was chosen; those who see the user no longer are told that he is gone."""
        account, server = _owner(request), self.host.server
        before = await store.load(server.database, account.id)
        settings = payloads.parse(form, before)
        await store.save(server.database, account.id, settings)
        await veils.change(server, account, lambda: _hang_up(account, settings))
        return Done("This holds from now on, for all your clients.")


def _hang_up(account: Account, settings: Settings) -> None:
    """From now on these settings hold."""
    others = (settings.last_seen, settings.receipts, settings.strangers)
    is_guarded = any(choice != OPEN for choice in others)
    guard = PrivacyGuard(account, settings) if is_guarded else None
    account.guard(NAME, guard)
    for session in account.reach.available if guard else ():
        if guard and session.presence is not None:
            guard.hush(session.presence)
    online, roster = settings.online, account.roster
    roster.veil(None if online.is_open else lambda jid: not online.allows(jid, roster), NAME)


def _owner(request: Request) -> Account:
    assert request.account is not None
    return request.account
