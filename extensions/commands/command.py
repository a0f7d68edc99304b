"""What a command is: data and the functions of its stages.

    Command("motd", "Message of the day", At.HOST, Who.ADMINS, begin)

    async def begin(request: Request) -> Stage | Done:
        return Stage(Form("form", fields, title="…"), submit)

    async def submit(request: Request, answers: Form) -> Stage | Done:
        return Done("It is set.")

A stage that leads to another one says `is_last=False`. What an earlier stage has learned travels in
the function that takes the next answers: a closure, or `functools.partial`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extensions.commands.payloads import Note

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from extensions.payloads.forms import Form
    from server.extension import At, Request


class Who(enum.Enum):
    """Who may execute a command."""

    LOCAL = "every user of this host"
    OWNER = "the owner of the account"
    ADMINS = "those in server.admins"


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a command: what there is to say and to show."""

    text: str = ""
    form: Form | None = None
    notes: tuple[Note, ...] = ()
    failed: bool = False

    def all_notes(self) -> tuple[Note, ...]:
        """The sentence first.

        "If a command completes but fails, the responder MUST include at least one <note
        type='error'/>" (XEP-0050 §3.6).
        """
        type_ = "error" if self.failed else "info"
        first = (Note(self.text, type_),) if self.text else ()
        return (*first, *self.notes)


@dataclass(frozen=True, slots=True)
class Stage:
    """A form to be filled in, and what takes the answers."""

    form: Form
    submit: Callable[[Request, Form], Awaitable[Stage | Done]]
    is_last: bool = True
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the host (`At.HOST`) or of every account (`At.OWN`)."""

    node: str
    name: str
    at: At
    who: Who
    begin: Callable[[Request], Awaitable[Stage | Done]]
