"""Ad-hoc commands: what users and administrators do through forms in any client (XEP-0050).

Other extensions bring the commands; this one lists them, asks who may, and leads through the forms:

    host.service("commands").offer(Command("privacy", "Privacy", At.OWN, Who.OWNER, begin))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from extensions.commands import rules
from extensions.commands.command import Command, Done, Stage, Who
from extensions.commands.payloads import COMMAND, NS, Call, Note, build, parse, refusal
from extensions.commands.sessions import CommandSessions
from extensions.disco.items import Item
from extensions.payloads import forms, info
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, Request, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.commands.sessions import CommandSession
    from extensions.disco import Disco
    from server.element import Element
    from server.host import Host
    from server.jid import JID

__all__ = ["Command", "Commands", "Done", "Note", "Stage", "Who"]


class Commands(Extension):
    """Runs the commands of a host and of its accounts."""

    name = "commands"
    requires = ("disco",)
    specs: ClassVar[tuple[Spec, ...]] = (XEP(50, "Ad-Hoc Commands", "1.3.0"),)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._commands: dict[tuple[At, str], Command] = {}
        self._sessions = CommandSessions(host.server.clock, host.server.entropy)
        self._admins = frozenset(host.server.config.server.admins)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS, At.HOST | At.OWN)
        yield IQ("set", COMMAND, self.execute, At.HOST | At.OWN)
        yield IQ("set", COMMAND, self.refuse, At.ACCOUNT | At.NOBODY)

    async def start(self) -> None:
        """Be found."""
        disco: Disco = self.host.service("disco")
        disco.info_sources.append(self.about)
        disco.item_sources.append(self.listing)

    def offer(self, command: Command) -> None:
        """One more command; "Service Discovery requires that all 'node' values be unique"."""
        if self._commands.setdefault((command.at, command.node), command) is not command:
            raise LookupError(f"two commands {command.node}")

    # -- who may --

    def _may(self, command: Command, request: Request) -> bool:
        if command.who is Who.OWNER:
            return request.is_own
        if command.who is Who.ADMINS:
            return request.from_.bare in self._admins
        return request.session is not None and request.from_.domain == self.host.domain

    def _find(self, request: Request, node: str) -> Command:
        command = self._commands.get((_place(request), node))
        if command is None:
            raise StanzaError(Condition.ITEM_NOT_FOUND, "There is no such command")
        if not self._may(command, request):
            raise StanzaError(Condition.FORBIDDEN, "This command is not for you")
        return command

    def refuse(self, request: Request) -> None:
        """Commands of an account are for its owner alone, whether it exists or not."""
        raise StanzaError(Condition.FORBIDDEN, "This command is not for you")

    def _responder(self, request: Request) -> JID:
        """Who was asked, however it was addressed."""
        return self.host.jid if request.account is None else request.account.jid

    # -- execution --

    async def execute(self, request: Request) -> Element:
        """Begin a command (§2.4.1), go on with it (§2.4.2), or cancel it (§2.4.3)."""
        call = parse(request.payload)
        command = self._find(request, call.node)
        if not call.session:
            return await self._begin(request, command, call)
        responder = self._responder(request)
        session = self._sessions.find(call.session, call.node, request.from_, responder)
        if call.action == "cancel":
            self._sessions.end(session.id)
            return build(command.node, session.id, "canceled")
        return await self._go_on(request, session, call)

    async def _begin(self, request: Request, command: Command, call: Call) -> Element:
        if call.action != "execute":
            raise refusal("bad-action", "Begin with execute")
        outcome = await command.begin(request)
        if isinstance(outcome, Done):
            return self._completed(command, self._sessions.name(), outcome)
        responder = self._responder(request)
        session = self._sessions.begin(command, request.from_, responder, outcome)
        return self._shown(session)

    async def _go_on(self, request: Request, session: CommandSession, call: Call) -> Element:
        stage, depth = session.stages[-1], len(session.stages) - 1
        actions = rules.allowed(depth, is_last=stage.is_last)
        # "The action "execute" is equivalent to the action specified in the "execute" attribute"
        action = actions[-1] if call.action == "execute" else call.action  # (§3.4)
        if action not in actions:
            raise refusal("bad-action", f"This stage allows {', '.join(actions)}")
        if action == "prev":
            session.stages.pop()
            return self._shown(session)
        outcome = await stage.submit(request, rules.read(stage.form, call.form))
        if isinstance(outcome, Done):
            self._sessions.end(session.id)
            return self._completed(session.command, session.id, outcome)
        session.stages.append(outcome)
        return self._shown(session)

    @staticmethod
    def _shown(session: CommandSession) -> Element:
        stage = session.stages[-1]
        actions = rules.allowed(len(session.stages) - 1, is_last=stage.is_last)
        return build(
            session.command.node, session.id, "executing",
            actions=actions, form=stage.form, notes=stage.notes,
        )  # fmt: skip

    @staticmethod
    def _completed(command: Command, name: str, done: Done) -> Element:
        return build(command.node, name, "completed", form=done.form, notes=done.all_notes())

    # -- discovery --

    async def about(self, request: Request, node: str) -> info.Info | None:
        """What the list of commands is, or one of them (§2.2)."""
        if node == NS:
            return info.Info((info.Identity("automation", "command-list"),), (NS,))
        command = self._commands.get((_place(request), node))
        if command is None:
            return None
        # "If the command is not available to the requester, the responder SHOULD respond with a
        # 403 "Forbidden" error" (§2.2)
        self._find(request, node)
        identity = info.Identity("automation", "command-node", name=command.name)
        return info.Info((identity,), (NS, forms.NS))

    async def listing(self, request: Request, node: str) -> list[Item] | None:
        """The commands for the one who asks: "not required to send the same list … to all"."""
        if node != NS:
            return None
        jid = self._responder(request)
        return [
            Item(jid, command.name, command.node)
            for (at, _), command in self._commands.items()
            if at is _place(request) and self._may(command, request)
        ]


def _place(request: Request) -> At:
    if request.account is None:
        return At.HOST
    return At.OWN if request.is_own else At.ACCOUNT
