"""How much one peer may ask of the parser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one top-level element (RFC 6120 §13.12, XEP-0205 §4)."""

    #: Bytes from its first `<` to its last `>`; must not be smaller than 10,000.
    size: int = 262_144
    #: Elements within each other, the stanza itself counted. libxml2 stops at 256 of its own.
    depth: int = 128
    #: Attributes and namespace declarations of one element.
    attributes: int = 256
