"""Which answers to a form are answers to that form (XEP-0050 §4.4, XEP-0004 §3.2); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.commands.payloads import refusal
from extensions.payloads import forms
from extensions.payloads.forms import Form
from server.errors import StanzaError

if TYPE_CHECKING:
    from extensions.payloads.forms import Field
    from server.element import Element


def allowed(depth: int, *, is_last: bool) -> list[str]:
    """The actions of a stage, `depth` stages after the first; what execute means comes last."""
    back = ["prev"] if depth else []
    return [*back, "complete" if is_last else "next"]


def read(asked: Form, element: Element | None) -> Form:
    """What was filled in, checked against what was asked.

    "The responding JID cannot accept the specified payload (e.g. the data form did not provide one
    or more required fields)" (§4.4).
    """
    if element is None:
        if any(field.required for field in asked.fields):
            raise refusal("bad-payload", "Fill in the form")
        return Form("submit")
    try:
        given = forms.parse(element)
        # "Responders SHOULD consider any <x type='cancel'/> to be <x type='submit'/>" (§3.5.1)
        if given.type not in ("submit", "cancel"):
            raise refusal("bad-payload", "The form must be of type submit")
        for field in asked.fields:
            _check(field, given)
    except StanzaError as wrong:
        raise refusal("bad-payload", wrong.text) from None
    return given


def _check(field: Field, given: Form) -> None:
    values = given.values(field.var)
    if field.required and not any(values):
        raise refusal("bad-payload", f"The field {field.label or field.var} must be filled in")
    if field.type.startswith("list-") and field.options:
        known = {option.value for option in field.options}
        if not known.issuperset(values):
            raise refusal("bad-payload", f"That is no choice for {field.label or field.var}")
    elif field.type == "boolean":
        given.flag(field.var)
    elif field.type in ("jid-single", "jid-multi"):
        given.jids(field.var)
    if not field.type.endswith("-multi") and len(values) > 1:
        raise refusal("bad-payload", f"The field {field.label or field.var} takes one value")
