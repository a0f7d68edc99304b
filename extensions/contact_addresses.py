"""Whom to write to about this server (XEP-0157)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.payloads import forms
from server.extension import XEP, Extension, InfoForm, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.element import Element

FORM_TYPE: Final = "http://jabber.org/network/serverinfo"
KINDS: Final = ("abuse", "admin", "feedback", "sales", "security", "status", "support")


class ContactAddresses(Extension):
    """A form in the disco#info of the host (XEP-0157 §2)."""

    name = "contact_addresses"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(157, "Contact Addresses for XMPP Services", "1.1.1"),
        XEP(128, "Service Discovery Extensions", "1.0.1"),
    )
    requires = ("disco",)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension; no form where the operator gave no address."""
        contact = self.host.server.config.contact
        if any(getattr(contact, kind) for kind in KINDS):
            yield InfoForm(self.build)

    def build(self) -> Element:
        """The addresses that the operator gave, by what they are for.

        "This information MUST be scoped using a FORM_TYPE of
        http://jabber.org/network/serverinfo" (§2).
        """
        contact = self.host.server.config.contact
        fields = (
            forms.Field(f"{kind}-addresses", tuple(getattr(contact, kind)), "list-multi")
            for kind in KINDS
            if getattr(contact, kind)
        )
        return forms.build(forms.Form("result", forms.typed(FORM_TYPE, *fields)))
