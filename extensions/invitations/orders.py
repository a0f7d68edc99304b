"""What the operator orders about invitations, on a running server or beside a stopped one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extensions.invitations import links
from extensions.invitations.book import Book
from extensions.invitations.section import LONGEST
from extensions.invitations.section import Invitations as Section
from extensions.invitations.store import Invitation
from server.control import Refused
from server.jid import JID, JIDMalformed
from server.storage import accounts
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.clock import Clock
    from server.config import Config
    from server.control import Verb
    from server.entropy import Entropy
    from server.storage.database import Database


@dataclass(frozen=True, slots=True)
class InvitationOrders:
    """The orders; the database alone knows the invitations, so no server need run."""

    config: Config
    database: Database
    clock: Clock
    entropy: Entropy

    def verbs(self) -> Mapping[str, Verb]:
        """The orders by name, for the control socket."""
        return {
            "invite.create": self.create,
            "invite.list": self.list,
            "invite.revoke": self.revoke,
        }

    @property
    def _book(self) -> Book:
        return Book(self.database, self.clock, self.entropy, self.config.room(Section))

    async def create(
        self, domain: str = "", username: str = "", inviter: str = "", uses: int = 1,
        seconds: float = 0,
    ) -> dict[str, str]:  # fmt: skip
        """Invite somebody to make an account; with an inviter the two become contacts."""
        domains = self.config.server.domains
        place = domain or domains[0]
        if place not in domains:
            known = ", ".join(domains)
            raise Refused(f"the domain {place} is not served here; served are: {known}")
        if not 0 <= seconds <= LONGEST:
            raise Refused(f"an invitation can be good for {LONGEST // 86_400} days at most")
        wish = Invitation(
            "", place, username=username, registers=True, contact=bool(inviter), uses=uses,
            inviter_id=await self._number(inviter) if inviter else 0,
            expires=int((self.clock.utcnow() + seconds) * 1000) if seconds else 0,
        )  # fmt: skip
        made, token = await self._book.issue(wish)
        link = links.register(made.username, made.domain, token)
        return {
            "id": made.id[:12],
            "uri": link,
            "page": links.page(self.config.room(Section).landing_page, link, token),
            "expires": stamp(made.expires).decode(),
        }

    async def _number(self, inviter: str) -> int:
        """The number of the inviter's account."""
        try:
            row = await accounts.find_account(self.database, JID.parse(inviter))
        except JIDMalformed as error:
            raise Refused(f"{inviter!r} is not an address: {error}") from None
        if row is None:
            raise Refused(f"there is no account {inviter}")
        return row.id

    async def list(self, domain: str = "", inviter: str = "") -> list[dict[str, Any]]:
        """The invitations that can be used; tokens are not known any more.

        All, or only those to a domain, or of one user.
        """
        number = await self._number(inviter) if inviter else 0
        return [
            {
                "id": each.id[:12],
                "domain": each.domain,
                "username": each.username,
                "inviter": str(each.inviter or ""),
                "registers": each.registers,
                "contact": each.contact,
                "uses": each.uses,
                "expires": stamp(each.expires).decode(),
            }
            for each in await self._book.open()
            if not domain or each.domain == domain
            if not number or each.inviter_id == number
        ]

    async def revoke(self, name: str) -> None:
        """Take one back: its id as listed, or its token."""
        await self._book.revoke(name)
