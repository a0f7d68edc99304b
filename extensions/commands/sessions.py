"""Commands that are under way: bounded in number and in time (XEP-0050 §3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.commands.payloads import refusal

if TYPE_CHECKING:
    from extensions.commands.command import Command, Stage
    from server.clock import Clock
    from server.entropy import Entropy
    from server.jid import JID

#: Seconds until a session that nobody goes on with is forgotten.
PATIENCE: Final = 600.0
#: How many sessions one user may have, and all together; the oldest give way.
PER_USER: Final = 10
TOGETHER: Final = 2000
#: How many ended sessions are remembered, so that who goes on is told what is wrong.
REMEMBERED: Final = 500


@dataclass(slots=True)
class CommandSession:
    """One command on its way; `stages` are those so far, the one at hand last."""

    id: str
    command: Command
    requester: JID
    responder: JID
    stages: list[Stage]
    until: float


class CommandSessions:
    """All of a host's, in the order of their beginning."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._running: dict[str, CommandSession] = {}
        self._ended: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._running)

    def name(self) -> str:
        """A new name: "each 'sessionid' value is unique" (§3.3)."""
        return self._entropy.token(16)

    def begin(
        self, command: Command, requester: JID, responder: JID, stage: Stage
    ) -> CommandSession:
        """A command has more than one stage."""
        self._make_room(requester)
        until = self._clock.now() + PATIENCE
        made = CommandSession(self.name(), command, requester, responder, [stage], until)
        self._running[made.id] = made
        return made

    def _make_room(self, requester: JID) -> None:
        now = self._clock.now()
        for each in [each for each in self._running.values() if each.until < now]:
            self.end(each.id)
        bare = requester.bare
        own = [each.id for each in self._running.values() if each.requester.bare == bare]
        for name in own[: max(0, len(own) - PER_USER + 1)]:
            self.end(name)
        while len(self._running) >= TOGETHER:
            self.end(next(iter(self._running)))

    def find(self, name: str, node: str, requester: JID, responder: JID) -> CommandSession:
        """The session of that name, "valid only between one requester/responder pair" (§3.3)."""
        found = self._running.get(name)
        if found is None:
            if name in self._ended:
                raise refusal("session-expired", "This has ended already")
            raise refusal("bad-sessionid", "There is no such session")
        if (found.requester, found.responder, found.command.node) != (requester, responder, node):
            raise refusal("bad-sessionid", "There is no such session")
        if found.until < self._clock.now():
            self.end(name)
            raise refusal("session-expired", "This took too long; begin anew")
        found.until = self._clock.now() + PATIENCE
        return found

    def end(self, name: str) -> None:
        """The session is over."""
        self._running.pop(name, None)
        self._ended[name] = None
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
