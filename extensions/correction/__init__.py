"""A limit in time for corrections, where the operator wants one (XEP-0308).

Clients correct, and clients show it; the server only refuses, to its own users, corrections of what
it does not find among their messages of the last minutes.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.correction import store
from extensions.correction.section import Correction
from server import message_id
from server.errors import Condition, StanzaError
from server.extension import XEP, Extension, Outbound, Phase, Spec, Verdict, Wire
from server.messages import notices
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza

REPLACE: Final = "{urn:xmpp:message-correct:0}replace"

#: In rooms the room decides, and errors only quote.
_FOREIGN: Final = frozenset(("error", "groupchat"))

#: How many messages of the last minutes are looked through, and how many at once.
PORTION: Final = 200
PORTIONS: Final = 10


class Corrections(Extension):
    """Refuses corrections that come too late."""

    name = "correction"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(
            308, "Last Message Correction", "1.2.1", note="made by clients; the time can be limited"
        ),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._window = float(host.server.config.room(Correction).window)
        #: The correction that was just found to be in time, and begins its way anew.
        self._allowed: Stanza | None = None

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension; none without a limit."""
        if not math.isinf(self._window):
            yield Outbound(Phase.GUARD, self.check, payload=REPLACE)

    def check(self, session: Session, stanza: Stanza) -> Verdict | None:
        """Let a correction wait until the message it corrects was found."""
        account, to = session.account, stanza.to
        if stanza is self._allowed:
            self._allowed = None
            return None
        # What is not in the archive may be of any age.
        if to is None or stanza.type in _FOREIGN or not account.archives(to):
            return None
        return self.host.wait(stanza, self._look(account, stanza, to))

    async def _look(self, account: Account, stanza: Stanza, to: JID) -> StanzaError | None:
        target = stanza.payloads[REPLACE].get("id")
        if not target or not await self._is_recent(account, to.bare, target):
            return StanzaError(
                Condition.NOT_ALLOWED,
                f"Messages can be corrected for {notices.length(self._window)}, not later",
            )
        self._allowed = stanza
        return None

    async def _is_recent(self, account: Account, peer: JID, target: str) -> bool:
        """Whether the owner has sent such a message to that peer a short while ago."""
        server = self.host.server
        with suppress(StorageError):  # what cannot be written can still be read
            await server.journal.sync()
        first = message_id.first_at(int((server.clock.utcnow() - self._window) * 1000))
        before = message_id.MAX_ID
        mark = target.encode() if target.replace("-", "").isalnum() else b""
        for _ in range(PORTIONS):
            rows = await store.sent(server.database, account.id, peer, first, before, PORTION)
            for _, wire in rows:
                # Most are not looked into: an identifier is seldom anything but letters.
                message = notices.read(wire) if mark in wire else None
                if message is not None and message.id == target:
                    return True
            if len(rows) < PORTION:
                break
            before = rows[-1][0]
        return False
