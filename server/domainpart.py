"""Domainparts: host names, internationalised ones, and IP literals (RFC 7622 §3.2)."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

import idna

MAX_OCTETS: Final = 1023
# Of an internationalised name; far more than any has.
MAX_LABELS: Final = 16
MAX_NAME: Final = 254
_CACHE_SIZE: Final = 4_000

# COMPAT: the underscore is no letter of host names, yet containers and RFC 6122 peers have it.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PLAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*").fullmatch
_plain_label = re.compile(_LABEL).fullmatch

_known: dict[str, str] = {}


class MalformedDomain(ValueError):
    """This cannot be a domainpart."""


def prepare_domain(text: str) -> str:
    """Give the canonical form: lower case, U-labels, no trailing dot."""
    domain = _known.get(text)
    if domain is None:
        domain = _prepare(text)
        if len(_known) >= _CACHE_SIZE:
            _known.clear()
        if len(text) <= 255:
            _known[text] = domain
    return domain


def _prepare(text: str) -> str:
    if len(text) > MAX_OCTETS:
        raise MalformedDomain("it is longer than 1023 octets")
    # A final dot must be stripped before anything else is done (RFC 7622 §3.2).
    domain = text.removesuffix(".")
    if domain.isascii():
        domain = domain.lower()
    if domain.startswith("["):
        return _ipv6(domain)
    if _PLAIN(domain) is None or "xn--" in domain:
        domain = _internationalised(domain)
    if not domain or len(domain.encode()) > MAX_OCTETS:
        raise MalformedDomain("it is empty or longer than 1023 octets")
    return domain


def _ipv6(domain: str) -> str:
    if not domain.endswith("]") or "%" in domain:
        raise MalformedDomain("it is not an IPv6 address")
    try:
        return f"[{IPv6Address(domain[1:-1])}]"
    except AddressValueError:
        raise MalformedDomain("it is not an IPv6 address") from None


def _internationalised(domain: str) -> str:
    """Map as browsers do (UTS 46), then insist on IDNA2008 label by label."""
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
        if not domain.endswith(("\u3002", "\uff0e", "\uff61")):
            mapped += "."
        labels = mapped[:-1].split(".")
        # Each label takes long; DNS has room for 253 octets (RFC 1035 §3.1).
        if len(labels) > MAX_LABELS or len(mapped) > MAX_NAME:
            raise MalformedDomain("it is too long for a host name")
        labels = [_label(label) for label in labels]
    except (idna.IDNAError, UnicodeError):
        raise MalformedDomain("it is not a host name") from None
    return ".".join(labels)


def _label(label: str) -> str:
    if _plain_label(label) is not None and not label.startswith("xn--"):
        return label
    return idna.ulabel(idna.alabel(label))
