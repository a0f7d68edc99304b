"""Commands on the wire: requests, stages, results and errors (XEP-0050 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.payloads import forms
from server.element import E
from server.errors import Condition, ErrorType, StanzaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.payloads.forms import Form
    from server.element import Element

NS: Final = "http://jabber.org/protocol/commands"
COMMAND: Final = f"{{{NS}}}command"

#: "The value of "action" MUST be one of the following" (§4.1).
ACTIONS: Final = frozenset(("execute", "cancel", "prev", "next", "complete"))

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the user (§4.3)."""

    text: str
    type: str = "info"  # or "warn", "error"


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody asks for."""

    node: str
    session: str
    action: str
    form: Element | None


def parse(command: Element) -> Call:
    """The request in a `<command/>`."""
    action = command.get("action") or "execute"
    if action not in ACTIONS:
        raise refusal("malformed-action", "There is no such action")
    return Call(
        command.get("node", ""), command.get("sessionid", ""), action, command.find(forms.X)
    )


def build(
    node: str, session: str, status: str, *,
    actions: Iterable[str] = (), form: Form | None = None, notes: Iterable[Note] = (),
) -> Element:  # fmt: skip
    """The answer; `actions` are those allowed at this stage, the one meant by execute last.

    "it is invalid to return a command that has no "execute" attribute, an actions element, and no
    <next/> action" (§3.4): so the attribute is always there.
    """
    command = E(COMMAND, {"node": node, "sessionid": session, "status": status, _LANG: "en"})
    names = list(actions)
    if names:
        allowed = (E(f"{{{NS}}}{name}") for name in names)
        command.append(E(f"{{{NS}}}actions", {"execute": names[-1]}, *allowed))
    if form is not None:
        command.append(forms.build(form))
    command.extend(E(f"{{{NS}}}note", {"type": note.type}, note.text) for note in notes)
    return command


def refusal(specific: str, text: str) -> StanzaError:
    """One of the errors with a condition of their own (§4.4)."""
    application = f"<{specific} xmlns='{NS}'/>".encode()
    if specific == "session-expired":
        return StanzaError(Condition.NOT_ALLOWED, text, ErrorType.CANCEL, application)
    return StanzaError(Condition.BAD_REQUEST, text, ErrorType.MODIFY, application)
