"""What a client claims in its presence, and whether its answer bears it out; pure decisions.

A claim is a hash of what the client says of itself when it is asked. What is borne out holds for
everybody who claims the same; what is not holds for that one session at most (XEP-0115 §5.4).
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.payloads import info
from extensions.payloads.forms import FORM_TYPE
from server.errors import StanzaError

if TYPE_CHECKING:
    from extensions.payloads.forms import Form
    from server.element import Element
    from server.stanza import Stanza

CAPS: Final = "{http://jabber.org/protocol/caps}c"
CAPS_2: Final = "{urn:xmpp:caps}c"
HASH_2: Final = "{urn:xmpp:hashes:2}hash"
NOTIFY: Final = "+notify"

#: Longest node, hash or name of an algorithm that is taken from a presence.
_LONGEST: Final = 512
#: "All implementations MUST support SHA-1" (XEP-0115 §9.1); names as IANA has them.
_HASHES: Final = {"sha-1": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
#: The algorithms of XEP-0390 that we can check, the best first.
_HASHES_2: Final = ("sha-256", "sha3-256", "sha-512", "sha3-512")

#: Bounds of what is remembered of one client.
_FEATURES: Final = 512
_FEATURE: Final = 1024


@dataclass(frozen=True, slots=True)
class Claim:
    """A hash, by which algorithm, and the node under which the client tells what it is of."""

    version: int  # 1: XEP-0115, 2: XEP-0390
    algorithm: str
    value: str
    node: str

    @property
    def can_be_checked(self) -> bool:
        """Whether we know the algorithm; otherwise the answer holds for this client alone."""
        return self.version == 2 or self.algorithm in _HASHES


def claim_of(stanza: Stanza) -> Claim | None:
    """What a presence claims; the first generation wins, as it is the one clients get right."""
    first = stanza.payloads.get(CAPS)
    claim = None if first is None else _first(first)
    if claim is not None and claim.can_be_checked:
        return claim
    second = stanza.payloads.get(CAPS_2)
    return (None if second is None else _second(second)) or claim


def _first(element: Element) -> Claim | None:
    """XEP-0115 §4; without `hash` it is the legacy format, which proves nothing (§5.4 rule 1)."""
    node, value = element.get("node", ""), element.get("ver", "")
    algorithm = element.get("hash", "")
    if not node or not value or len(node) + len(value) + len(algorithm) > _LONGEST:
        return None
    return Claim(1, algorithm, value, f"{node}#{value}")


def _second(element: Element) -> Claim | None:
    """XEP-0390 §4.3: one of the hashes that we can compute."""
    found = {child.get("algo", ""): (child.text or "").strip() for child in element.findall(HASH_2)}
    for algorithm in _HASHES_2:
        value = found.get(algorithm, "")
        if value and len(value) <= _LONGEST:
            return Claim(2, algorithm, value, info.capability_node(algorithm, value))
    return None


def bears_out(claim: Claim, said: info.Info) -> bool:
    """Whether what the client says of itself is what it claimed (XEP-0115 §5.4, XEP-0390 §4.4)."""
    try:
        if not claim.can_be_checked or not _is_well_formed(said):
            return False
        if claim.version == 2:
            return info.capability_hash(said, claim.algorithm) == claim.value
        return _verification(said, _HASHES[claim.algorithm]) == claim.value
    except StanzaError:
        return False  # a form with two types, say


def _verification(said: info.Info, algorithm: str) -> str:
    """The verification string; forms without a hidden FORM_TYPE do not count (§5.4 rule 3.6)."""
    if any("<" in part for part in _parts(said)):
        # The text that is hashed puts "<" between its parts: one that holds it could be read as
        # two, so what is said in that way is not shared with others.
        return ""
    typed = tuple(form for form in said.forms if _is_typed(form))
    text = info.verification_input(info.Info(said.identities, said.features, typed))
    return b64encode(hashlib.new(algorithm, text, usedforsecurity=False).digest()).decode()


def _is_typed(form: Form) -> bool:
    field = form.field(FORM_TYPE)
    return field is not None and field.type == "hidden"


def _is_well_formed(said: info.Info) -> bool:
    """Nothing twice (XEP-0115 §5.4 rule 3)."""
    forms = [form.form_type for form in said.forms if form.form_type is not None]
    return all(len(set(each)) == len(each) for each in (said.identities, said.features, forms))


def _parts(said: info.Info) -> list[str]:
    parts = list(said.features)
    for identity in said.identities:
        parts += (identity.category, identity.type, identity.lang, identity.name)
    for form in said.forms:
        for field in form.fields:
            parts += (field.var, *field.values)
    return parts


def features_of(said: info.Info) -> frozenset[str]:
    """The features worth remembering: a client with more of them is told of fewer."""
    sane = [feature for feature in said.features if len(feature) <= _FEATURE]
    return frozenset(sane[:_FEATURES])


def interests_of(features: frozenset[str]) -> frozenset[str]:
    """The nodes whose news a client wants (XEP-0060 §9.2)."""
    return frozenset(
        feature.removesuffix(NOTIFY) for feature in features if feature.endswith(NOTIFY)
    )
