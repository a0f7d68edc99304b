"""The form in which users choose what they keep to themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.payloads.forms import Field, Form, Option, typed
from extensions.privacy.rules import NAMES, Choice, Circle, Settings
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.jid import JID

FORM_TYPE: Final = "urn:skerry:privacy:0"

#: How many exceptions one list may have, and how many characters.
MOST: Final = 500
MOST_TEXT: Final = 32 << 10

_LABELS: Final = {
    "online": "Who sees that you are online (and you see them)",
    "last_seen": "Who sees since when you are away",
    "receipts": "With whom you share what was read (both ways)",
    "strangers": "Who may write to you",
}
_OPTIONS: Final = (
    Option(Circle.EVERYBODY, "Everybody"),
    Option(Circle.CONTACTS, "My contacts"),
    Option(Circle.NOBODY, "Nobody"),
)
_TITLE: Final = "Privacy"
_INSTRUCTIONS: Final = (
    "The server keeps to this whatever client you use. Exceptions are addresses such as"
    " anna@example.org, or whole domains."
)


def build(settings: Settings) -> Form:
    """The form, with what holds now."""
    fields = [field for name in NAMES for field in _fields(name, getattr(settings, name))]
    return Form("form", typed(FORM_TYPE, *fields), _TITLE, _INSTRUCTIONS)


def _fields(name: str, choice: Choice) -> Iterable[Field]:
    yield Field(name, (choice.circle,), "list-single", _LABELS[name], options=_OPTIONS)
    yield Field(f"{name}.always", tuple(sorted(choice.always)), "jid-multi", "Always for")
    yield Field(f"{name}.never", tuple(sorted(choice.never)), "jid-multi", "Never for")


def parse(form: Form, before: Settings) -> Settings:
    """What was chosen; fields that are not there stay as they were."""
    return Settings(**{name: _parse(form, name, getattr(before, name)) for name in NAMES})


def _parse(form: Form, name: str, before: Choice) -> Choice:
    circle = form.value(name)
    return Choice(
        before.circle if circle is None else Circle(circle),
        _jids(form, f"{name}.always", before.always),
        _jids(form, f"{name}.never", before.never),
    )


def _jids(form: Form, var: str, before: frozenset[JID]) -> frozenset[JID]:
    if form.field(var) is None:
        return before
    found = frozenset(jid.bare for jid in form.jids(var))
    if len(found) > MOST or sum(map(len, found)) > MOST_TEXT:
        raise StanzaError(Condition.POLICY_VIOLATION, f"A list may have {MOST} addresses")
    return found
