"""What an entity says of itself: disco#info (XEP-0030 §3), and its verification (XEP-0115 §5)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.payloads import forms
from server.element import E, to_bytes
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.element import Element

NS: Final = "http://jabber.org/protocol/disco#info"
QUERY: Final = f"{{{NS}}}query"

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

#: How many identities, features and forms are read from the wire.
_PARTS_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What an entity is; ordered as capabilities are hashed (XEP-0115 §5.1 rule 2)."""

    category: str
    type: str
    lang: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """The answer to one disco#info request."""

    identities: tuple[Identity, ...] = ()
    features: tuple[str, ...] = ()
    forms: tuple[forms.Form, ...] = ()


def parse(query: Element) -> Info:
    """What another entity says of itself."""
    if len(query) > _PARTS_LIMIT:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "This is more than anybody can be")
    return Info(
        tuple(_parse_identity(child) for child in query.findall(f"{{{NS}}}identity")),
        tuple(child.get("var", "") for child in query.findall(f"{{{NS}}}feature")),
        tuple(forms.parse(child) for child in query.findall(forms.X)),
    )


def build(info: Info, node: str | None = None) -> bytes:
    """The serialised answer.

    "If the request included a 'node' attribute, the response MUST mirror the specified 'node'
    attribute" (XEP-0030 §3.2).
    """
    query = E(QUERY, None if node is None else {"node": node})
    query.extend(_build_identity(identity) for identity in info.identities)
    query.extend(E(f"{{{NS}}}feature", {"var": feature}) for feature in info.features)
    query.extend(forms.build(form) for form in info.forms)
    return to_bytes(query)


def verification(info: Info) -> str:
    """The verification string of entity capabilities, hashed with SHA-1 (XEP-0115 §5.1).

    "All implementations MUST support SHA-1" (§9.1): what is protected here is a cache.
    """
    digest = hashlib.sha1(verification_input(info), usedforsecurity=False).digest()
    return b64encode(digest).decode("ascii")


def verification_input(info: Info) -> bytes:
    """The text S of XEP-0115 §5.1, sorted by octets as rule 2 to 7 want it."""
    parts = sorted("/".join((i.category, i.type, i.lang, i.name)).encode() for i in info.identities)
    parts += sorted(feature.encode() for feature in info.features)
    for form in sorted(info.forms, key=lambda form: (form.form_type or "").encode()):
        parts.append((form.form_type or "").encode())
        for var, values in sorted((f.var.encode(), f.values) for f in form.fields):
            if var != b"FORM_TYPE":
                parts.append(var)
                parts += sorted(value.encode() for value in values)
    return b"".join(part + b"<" for part in parts)


def capability_hash(info: Info, algorithm: str) -> str:
    """A capability hash of entity capabilities 2.0; `algorithm` as XEP-0300 names it (§4.2)."""
    name = algorithm.replace("sha3-", "sha3_").replace("sha-", "sha")
    return b64encode(hashlib.new(name, capability_input(info)).digest()).decode("ascii")


def capability_node(algorithm: str, value: str) -> str:
    """The node under which the information behind a capability hash is found (XEP-0390 §4.3)."""
    return f"urn:xmpp:caps#{algorithm}.{value}"


def capability_input(info: Info) -> bytes:
    """The octets that are hashed (XEP-0390 §4.1)."""
    features = sorted(feature.encode() + b"\x1f" for feature in info.features)
    identities = sorted(
        _units((i.category, i.type, i.lang, i.name)) + b"\x1e" for i in info.identities
    )
    extensions = sorted(_form_octets(form) for form in info.forms)
    return b"".join((*features, b"\x1c", *identities, b"\x1c", *extensions, b"\x1c"))


def _units(texts: Iterable[str]) -> bytes:
    return b"".join(text.encode() + b"\x1f" for text in texts)


def _form_octets(form: forms.Form) -> bytes:
    fields = sorted(
        field.var.encode()
        + b"\x1f"
        + b"".join(sorted(value.encode() + b"\x1f" for value in field.values))
        + b"\x1e"
        for field in form.fields
    )
    return b"".join(fields) + b"\x1d"


def _parse_identity(element: Element) -> Identity:
    lang = next((e.get(_LANG) for e in (element, *element.iterancestors()) if e.get(_LANG)), None)
    return Identity(
        element.get("category", ""), element.get("type", ""), lang or "", element.get("name", "")
    )


def _build_identity(identity: Identity) -> Element:
    named = (("category", identity.category), ("type", identity.type), ("name", identity.name))
    attributes = {name: value for name, value in named if value}
    if identity.lang:
        attributes[_LANG] = identity.lang
    return E(f"{{{NS}}}identity", attributes)
