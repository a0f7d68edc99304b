"""Domains whose users write and are written to with end-to-end encryption only.

The server cannot look into what is encrypted, and so cannot know whether it is: it refuses what is
evidently not. Unless `encryption.required` names a domain, nothing is hooked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extensions.encryption_policy import rules
from extensions.encryption_policy.section import Encryption
from server.errors import Condition, StanzaError
from server.extension import XEP, Extension, Inbound, Outbound, Phase, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.host import Host
    from server.session import Session
    from server.stanza import Stanza


class EncryptionPolicy(Extension):
    """Refuses messages that others than their recipients can read, where that is not wanted."""

    name = "encryption_policy"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(380, "Explicit Message Encryption", "0.4.0", note="read by encryption.required"),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._required = frozenset(host.server.config.room(Encryption).required)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        if self._required:
            yield Outbound(Phase.GUARD, self.leaving)
            yield Inbound(Phase.GUARD, self.arriving)

    def leaving(self, session: Session, stanza: Stanza) -> StanzaError | None:
        """A message of a user here."""
        return self._look(stanza)

    def arriving(self, account: Account, stanza: Stanza) -> StanzaError | None:
        """A message for a user here.

        What a room passes on was accepted there: refusing it would throw the user out of the room
        (XEP-0045 §18.1.2).
        """
        return None if stanza.type == "groupchat" else self._look(stanza)

    def _look(self, stanza: Stanza) -> StanzaError | None:
        to, from_ = stanza.to, stanza.from_
        if to is None or not rules.is_readable(stanza) or not rules.is_between_people(from_, to):
            return None
        end = rules.concerned(self._required, from_, to)
        if end is None:
            return None
        text = f"Messages with {end.domain} must be end-to-end encrypted: switch on OMEMO"
        return StanzaError(Condition.POLICY_VIOLATION, text)
