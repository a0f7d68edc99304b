"""What a client wants to see of an archive (XEP-0313 §4.1, §4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from extensions.payloads import forms, rsm, timestamps
from server import message_id
from server.element import E
from server.errors import Condition, StanzaError
from server.storage.archive import Filter

if TYPE_CHECKING:
    from server.element import Element

NS: Final = "urn:xmpp:mam:2"
NS_VALIDATE: Final = "http://jabber.org/protocol/xdata-validate"

#: The fields a query may hold, and their types.
FIELDS: Final = {
    "with": "jid-single",
    "start": "text-single",
    "end": "text-single",
    "before-id": "text-single",
    "after-id": "text-single",
    "ids": "list-multi",
    "include-groupchat": "boolean",
}

#: How many messages can be asked for by their identifiers in one query.
_IDS_LIMIT: Final = 500
_QUERY_ID_LIMIT: Final = 1023


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it was asked; identifiers are still the client's text."""

    page: rsm.Page
    query_id: str | None = None
    flip: bool = False
    form: forms.Form = forms.Form("submit")  # noqa: RUF009 - frozen

    @classmethod
    def parse(cls, payload: Element) -> Self:
        """Read a `query` element; what is wrong with it is refused by name."""
        if payload.get("node") is not None:
            # "reserves the 'node' attribute of the <query/> element for use with pubsub" (§6.1.3)
            raise StanzaError(Condition.ITEM_NOT_FOUND, "An account's archive has no nodes")
        query_id = payload.get("queryid")
        if query_id is not None and len(query_id) > _QUERY_ID_LIMIT:
            raise StanzaError(Condition.BAD_REQUEST, "The queryid is too long")
        page = rsm.parse(payload)
        if page.index:
            # XEP-0059 §2.6 leaves it open whether pages are found by number.
            raise StanzaError(Condition.FEATURE_NOT_IMPLEMENTED, "Pages have no numbers here")
        form = forms.submission(payload, NS) or forms.Form("submit")
        _check_fields(form)
        return cls(page, query_id, payload.find(f"{{{NS}}}flip-page") is not None, form)

    @property
    def limit(self) -> int | None:
        """How many results are wanted at most; 0 asks for their number only (XEP-0059 §2.7)."""
        return self.page.max

    @property
    def is_backwards(self) -> bool:
        """Whether the last results that match are wanted, instead of the first ones."""
        return self.page.is_backwards

    def mentioned(self) -> tuple[str, ...]:
        """Every identifier in the query: all of them must be in the archive."""
        single = (self.page.after, self.page.before or None, *self._bounds())
        return (*(text for text in single if text is not None), *self.form.values("ids"))

    @property
    def filter(self) -> Filter:
        """The conditions for the store; ask only when all identifiers are known to exist."""
        before_id, after_id = self._bounds()
        start, end = self._time("start"), self._time("end")
        peer = self.form.jid("with")
        ids = self.form.values("ids")
        return Filter(
            first=None if start is None else message_id.first_at(start),
            last=None if end is None else message_id.last_at(end),
            after=_latest(after_id, self.page.after),
            before=_earliest(before_id, self.page.before),
            peer=None if peer is None else peer.bare,
            resource=None if peer is None or peer.is_bare else peer.resource,
            ids=tuple(filter(None, map(message_id.decode, ids))) if ids else None,
        )

    def _bounds(self) -> tuple[str | None, str | None]:
        return self.form.value("before-id"), self.form.value("after-id")

    def _time(self, var: str) -> int | None:
        """A moment: such a field "MUST contain timestamps" in the DateTime profile (§4.1.2)."""
        text = self.form.value(var)
        if text is None:
            return None
        try:
            return timestamps.parse(text)
        except ValueError:
            raise StanzaError(
                Condition.BAD_REQUEST, f"The field {var} takes a DateTime (XEP-0082)"
            ) from None


def _check_fields(form: forms.Form) -> None:
    """Refuse what we do not understand, before anything is looked up.

    "If a client includes a form field that the server does not recognise, the server MUST respond
    with a 'feature-not-implemented' error" (§4.1.5).
    """
    for field in form.fields:
        if field.var not in FIELDS and field.var != forms.FORM_TYPE:
            raise StanzaError(
                Condition.FEATURE_NOT_IMPLEMENTED, f"There is no field {field.var[:64]}"
            )
    # Rooms keep their own archives, so there is nothing to include or to leave out (§4.1.4).
    form.flag("include-groupchat")
    if len(form.values("ids")) > _IDS_LIMIT:
        raise StanzaError(Condition.POLICY_VIOLATION, f"Ask for at most {_IDS_LIMIT} messages")


def _latest(*texts: str | None) -> int | None:
    known = [found for text in texts if text and (found := message_id.decode(text)) is not None]
    return max(known, default=None)


def _earliest(*texts: str | None) -> int | None:
    known = [found for text in texts if text and (found := message_id.decode(text)) is not None]
    return min(known, default=None)


def fields_form() -> Element:
    """The form with every field that is understood (§4.1.5).

    The list of identifiers is open: "the server MUST include a Data Forms Validation … <validate/>
    element that signals the list is open to arbitrary values".
    """
    is_open = E(
        f"{{{NS_VALIDATE}}}validate", {"datatype": "xs:string"}, E(f"{{{NS_VALIDATE}}}open")
    )
    fields = (
        forms.Field(var, type=kind, extra=(is_open,) if var == "ids" else ())
        for var, kind in FIELDS.items()
    )
    return forms.build(forms.Form("form", forms.typed(NS, *fields)))
