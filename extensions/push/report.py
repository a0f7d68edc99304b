"""The command that answers "why was I notified, or why not?" to the owner of an account.

It also says which devices there are: whoever was at somebody's client for a minute may have added
one, and it lasts. Every client can end the notifications of each (XEP-0357 §6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.commands.command import Command, Done, Who
from extensions.payloads.forms import Field, Form
from server.extension import At

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from extensions.push.history import Event
    from extensions.push.store import DeviceRow
    from server.account import Account
    from server.extension import Request

NODE: Final = "push-history"

_EMPTY: Final = "Nothing has happened since the server was started"
_NONE: Final = "No device is notified"


def command(
    history: Callable[[Account], list[Event]],
    devices: Callable[[Account], Awaitable[list[DeviceRow]]],
) -> Command:
    """The command, for every account."""

    async def show(request: Request) -> Done:
        events = [] if request.account is None else history(request.account)
        rows = [] if request.account is None else await devices(request.account)
        lines = tuple(str(event) for event in reversed(events)) or (_EMPTY,)
        found = tuple(map(_line, rows)) or (_NONE,)
        fields = (
            Field("history", lines, "text-multi", label="The newest first"),
            Field("devices", found, "text-multi", label="Devices that are notified"),
        )
        return Done(form=Form("result", fields, title="Push notifications"))

    return Command(NODE, "Why was I notified, or not?", At.OWN, Who.OWNER, show)


def _line(row: DeviceRow) -> str:
    """A device: where it is notified, whose it is, and whether it is told what was written."""
    content = "reads what was written" if row.wants.reads_content else "is told numbers only"
    return f"{row.service} {row.node} ({row.client or row.resource}): {content}"
