"""The command that answers "why was I notified, or why not?" to the owner of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.commands.command import Command, Done, Who
from extensions.payloads.forms import Field, Form
from server.extension import At

if TYPE_CHECKING:
    from collections.abc import Callable

    from extensions.push.history import Event
    from server.account import Account
    from server.extension import Request

NODE: Final = "push-history"

_EMPTY: Final = "Nothing has happened since the server was started"


def command(history: Callable[[Account], list[Event]]) -> Command:
    """The command, for every account."""

    async def show(request: Request) -> Done:
        events = [] if request.account is None else history(request.account)
        lines = tuple(str(event) for event in reversed(events)) or (_EMPTY,)
        field = Field("history", lines, "text-multi", label="The newest first")
        return Done(form=Form("result", (field,), title="Push notifications"))

    return Command(NODE, "Why was I notified, or not?", At.OWN, Who.OWNER, show)
