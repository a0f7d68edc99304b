"""The book of invitations: issued, found, used, revoked; the rules that hold for all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from extensions.invitations import store, tokens
from server.control import Refused
from server.jid import JID, JIDMalformed
from server.storage import accounts

if TYPE_CHECKING:
    from extensions.invitations.section import Invitations as Section
    from extensions.invitations.store import Invitation
    from server.clock import Clock
    from server.entropy import Entropy
    from server.storage.database import Database

#: How often one invitation may be used.
USES: Final = 1000
#: What has expired stays for a day: somebody may have shown it in time (XEP-0445 §4).
_GRACE: Final = 86_400_000
_PAGE: Final = 1000


class Taken(Refused):
    """The name is somebody's, or reserved for somebody."""


class TooMany(Refused):
    """The account has invited as many as it may."""


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that is done with invitations; the database alone knows them."""

    database: Database
    clock: Clock
    entropy: Entropy
    section: Section
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # whoever counts, and then adds

    async def issue(self, wish: Invitation) -> tuple[Invitation, str]:
        """Make an invitation of that kind; gives it, and the token, which is kept nowhere.

        Times and the bound of each account are set here. Raises Refused.
        """
        now = self._now()
        if wish.registers and self.section.accounts == "nobody":
            raise Refused("invitations.accounts allows no accounts by invitation")
        if not 1 <= wish.uses <= USES:
            raise Refused(f"an invitation can be used from once to {USES} times")
        async with self.turn:
            return await self._issue(wish, now)

    async def _issue(self, wish: Invitation, now: int) -> tuple[Invitation, str]:
        username = await self._name(wish)
        await store.clear(self.database, now - _GRACE)
        most = self.section.per_account
        if wish.inviter_id and await store.count(self.database, wish.inviter_id, now) >= most:
            raise TooMany(f"an account may have {most} invitations that have not expired")
        token = tokens.make(self.entropy.bytes(tokens.RANDOM))
        expires = wish.expires or now + int(self.section.valid_for * 1000)
        made = replace(wish, id=tokens.name(token), username=username, expires=expires)
        await store.add(self.database, made)
        return made, token

    async def _name(self, wish: Invitation) -> str:
        """The name to be reserved, in its canonical form.

        "The server MUST reserve the username at least until the corresponding token expires"
        (XEP-0401 §6.2).
        """
        if not wish.username:
            return ""
        try:
            jid = JID.parse(f"{wish.username}@{wish.domain}")
        except JIDMalformed as wrong:
            raise Refused(f"this is no username: {wrong}") from None
        if not jid.is_bare or not jid.local or jid.domain != wish.domain:
            raise Refused("this is no username")
        if wish.uses != 1:
            raise Refused("an invitation for one name can be used once")
        if await accounts.account_exists(self.database, jid) or await self.is_reserved(jid):
            raise Taken("this username is taken")
        return jid.local

    async def find(self, token: str, domain: str) -> Invitation | None:
        """The invitation to that domain, if it can be used now; what is wrong is told nobody."""
        if not token or len(token) > tokens.LONGEST:
            return None
        found = await store.find(self.database, tokens.name(token), self._now())
        return found if found is not None and found.domain == domain else None

    async def is_reserved(self, jid: JID) -> bool:
        """Whether the name is kept for somebody who was invited."""
        return await store.is_reserved(self.database, jid.domain, jid.local, self._now())

    async def take(self, invitation: Invitation) -> bool:
        """Use it once; False if others were quicker."""
        return await store.take(self.database, invitation.id)

    async def give_back(self, invitation: Invitation) -> None:
        """It was not used after all."""
        await store.give_back(self.database, invitation.id)

    async def open(self) -> list[Invitation]:
        """All that can be used now, the next to expire first."""
        found: list[Invitation] = []
        after = ""
        while page := await store.page(self.database, self._now(), after, _PAGE):
            found += page
            after = page[-1].id
        return sorted(found, key=lambda each: (each.expires, each.id))

    async def of(self, domain: str, owner: int, most: int) -> list[Invitation]:
        """Those to a domain that can be used now, of one account or of everybody (0)."""
        return await store.of(self.database, domain, owner, self._now(), most)

    async def withdraw(self, id_: str, domain: str, owner: int) -> bool:
        """Take one of these back; False if it is not among them any more."""
        return await store.withdraw(self.database, id_, domain, owner)

    async def revoke(self, name: str) -> None:
        """Take back the one of that token, or of that id or its beginning. Raises Refused."""
        ids = [each.id for each in await self.open()]
        exact = tokens.name(name)
        found = [exact] if exact in ids else [id_ for id_ in ids if id_.startswith(name)]
        if not name or not found:
            raise Refused("there is no such invitation")
        if len(found) > 1:
            raise Refused("several invitations begin like this")
        await store.remove(self.database, found[0])

    def _now(self) -> int:
        return int(self.clock.utcnow() * 1000)
