"""Data forms: questions, answers and tables (XEP-0004, field names as XEP-0068 has them)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.element import E
from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.element import Element

NS: Final = "jabber:x:data"
X: Final = f"{{{NS}}}x"
FORM_TYPE: Final = "FORM_TYPE"

TYPES: Final = frozenset(("form", "submit", "cancel", "result"))
FIELD_TYPES: Final = frozenset((
    "boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi", "list-single",
    "text-multi", "text-private", "text-single",
))  # fmt: skip

#: How many fields, values and table rows are taken from one form on the wire.
_FIELDS_LIMIT: Final = 512
_VALUES_LIMIT: Final = 4096
_ITEMS_LIMIT: Final = 1024

_TRUE: Final = frozenset(("1", "true"))
_FALSE: Final = frozenset(("0", "false"))


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list (§3.2)."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One question or answer (§3.2); `extra` are further children, such as its validation."""

    var: str
    values: tuple[str, ...] = ()
    type: str = ""
    label: str = ""
    description: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    extra: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form of one of the four types (§3.1), with its table if it has one (§3.4).

    `extra` are further children, as a few specifications want them.
    """

    type: str
    fields: tuple[Field, ...] = ()
    title: str = ""
    instructions: str = ""
    reported: tuple[Field, ...] = ()
    items: tuple[tuple[Field, ...], ...] = ()
    extra: tuple[Element, ...] = ()

    def field(self, var: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.var == var), None)

    def values(self, var: str) -> tuple[str, ...]:
        """All values of a field; none when it is absent."""
        field = self.field(var)
        return () if field is None else field.values

    def value(self, var: str) -> str | None:
        """The single value of a field; None when it is absent or empty."""
        values = self.values(var)
        if len(values) > 1:
            raise StanzaError(Condition.BAD_REQUEST, f"The field {var} takes one value")
        return values[0] if values else None

    def flag(self, var: str) -> bool | None:
        """The value of a boolean field (§3.3); None when it is absent."""
        value = self.value(var)
        if value is None:
            return None
        if value not in _TRUE | _FALSE:
            raise StanzaError(Condition.BAD_REQUEST, f"The field {var} takes true or false")
        return value in _TRUE

    def jid(self, var: str) -> JID | None:
        """The value of a jid-single field; None when it is absent."""
        value = self.value(var)
        return None if value is None else _address(var, value)

    def jids(self, var: str) -> tuple[JID, ...]:
        """The values of a jid-multi field."""
        return tuple(_address(var, value) for value in self.values(var))

    def text(self, var: str) -> str | None:
        """The lines of a text-multi field as one text (§3.3); None when it is absent."""
        return None if self.field(var) is None else "\n".join(self.values(var))

    @property
    def form_type(self) -> str | None:
        """What the names of the fields mean (XEP-0068 §3.1)."""
        return self.value(FORM_TYPE)


def submission(parent: Element, form_type: str) -> Form | None:
    """The filled-in form of a request, checked to be one of `form_type`; None without a form."""
    element = parent.find(X)
    if element is None:
        return None
    form = parse(element)
    if form.type != "submit":
        raise StanzaError(Condition.BAD_REQUEST, "The form must be of type submit")
    if form.form_type != form_type:
        raise StanzaError(Condition.BAD_REQUEST, f"The form's FORM_TYPE must be {form_type}")
    return form


def parse(element: Element) -> Form:
    """A form from the wire; a malformed one is a bad request."""
    kind = element.get("type", "")
    if kind not in TYPES:
        raise StanzaError(Condition.BAD_REQUEST, "A data form needs a type: form, submit, …")
    items = element.findall(f"{{{NS}}}item")
    if len(items) > _ITEMS_LIMIT:
        raise StanzaError(Condition.BAD_REQUEST, "The data form has too many items")
    reported = element.find(f"{{{NS}}}reported")
    return Form(
        type=kind,
        fields=_parse_fields(element),
        title=element.findtext(f"{{{NS}}}title") or "",
        instructions="\n".join(i.text or "" for i in element.findall(f"{{{NS}}}instructions")),
        reported=() if reported is None else _parse_fields(reported),
        items=tuple(_parse_fields(item) for item in items),
    )


def build(form: Form) -> Element:
    """The element of a form."""
    x = E(X, {"type": form.type})
    for name, text in (("title", form.title), ("instructions", form.instructions)):
        if text:
            x.append(E(f"{{{NS}}}{name}", None, text))
    x.extend(map(_build_field, form.fields))
    if form.reported:
        x.append(E(f"{{{NS}}}reported", None, *map(_build_field, form.reported)))
    x.extend(E(f"{{{NS}}}item", None, *map(_build_field, item)) for item in form.items)
    x.extend(deepcopy(child) for child in form.extra)
    return x


def typed(form_type: str, *fields: Field) -> tuple[Field, ...]:
    """Fields after the hidden one that says what their names mean (XEP-0068 §3.1)."""
    return (Field(FORM_TYPE, (form_type,), "hidden"), *fields)


def _address(var: str, value: str) -> JID:
    try:
        return JID.parse(value)
    except JIDMalformed:
        raise StanzaError(Condition.JID_MALFORMED, f"The field {var} takes a JID") from None


def _parse_fields(parent: Element) -> tuple[Field, ...]:
    fields = parent.findall(f"{{{NS}}}field")
    if len(fields) > _FIELDS_LIMIT:
        raise StanzaError(Condition.BAD_REQUEST, "The data form has too many fields")
    parsed = tuple(_parse_field(field) for field in fields)
    # "it MUST possess a 'var' attribute that uniquely identifies the field" (§3.2)
    names = [field.var for field in parsed if field.type != "fixed"]
    if len(set(names)) != len(names):
        raise StanzaError(Condition.BAD_REQUEST, "Two fields of the data form have the same name")
    return parsed


def _parse_field(element: Element) -> Field:
    kind = element.get("type", "")
    var = element.get("var", "")
    if not var and kind != "fixed":
        raise StanzaError(Condition.BAD_REQUEST, "A field of the data form has no name")
    values = tuple(value.text or "" for value in element.findall(f"{{{NS}}}value"))
    if len(values) > _VALUES_LIMIT:
        raise StanzaError(Condition.BAD_REQUEST, f"The field {var} has too many values")
    return Field(
        var=var,
        values=values,
        # "This field type is the default and MUST be assumed if a form-submitting entity receives a
        # field type it does not understand" (§3.3)
        type=kind if kind in FIELD_TYPES or not kind else "text-single",
        label=element.get("label", ""),
        description=element.findtext(f"{{{NS}}}desc") or "",
        required=element.find(f"{{{NS}}}required") is not None,
        options=tuple(_parse_options(element)),
        extra=tuple(
            child for child in element
            if isinstance(child.tag, str) and not child.tag.startswith(f"{{{NS}}}")
        ),
    )  # fmt: skip


def _parse_options(element: Element) -> Iterable[Option]:
    for option in element.findall(f"{{{NS}}}option"):
        yield Option(option.findtext(f"{{{NS}}}value") or "", option.get("label", ""))


def _build_field(field: Field) -> Element:
    named = (("var", field.var), ("type", field.type), ("label", field.label))
    element = E(f"{{{NS}}}field", {name: text for name, text in named if text})
    if field.description:
        element.append(E(f"{{{NS}}}desc", None, field.description))
    if field.required:
        element.append(E(f"{{{NS}}}required"))
    element.extend(E(f"{{{NS}}}value", None, value) for value in field.values)
    for option in field.options:
        label = {"label": option.label} if option.label else None
        value = E(f"{{{NS}}}value", None, option.value)
        element.append(E(f"{{{NS}}}option", label, value))
    element.extend(deepcopy(child) for child in field.extra)
    return element
