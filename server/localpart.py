"""Localparts and resources that are not plain ASCII, by PRECIS (RFC 7622 §3.3, §3.4)."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from precis_i18n import baseclass, get_profile

MAX_OCTETS: Final = 1023

# What the profile allows and a localpart must not contain all the same (RFC 7622 §3.3.1).
_EXCLUDED: Final = frozenset("\"&'/:<>@")

# The library works out what a character is each time anew, which takes nine tenths of its time: an
# address of a kilobyte would cost milliseconds, and anybody may send as many as he likes.
_classes: Any = baseclass
_classes.derived_property = lru_cache(maxsize=1 << 17)(_classes.derived_property)

_username: Callable[[str], str] = get_profile("UsernameCaseMapped").enforce
_opaque: Callable[[str], str] = get_profile("OpaqueString").enforce


class MalformedPart(ValueError):
    """This cannot be a localpart or resource."""


def prepare_local(text: str) -> str:
    """Map and check a localpart: the UsernameCaseMapped profile, and eight characters less."""
    prepared = _enforce(_username, text)
    if not _EXCLUDED.isdisjoint(prepared):
        raise MalformedPart("it contains a character that is not allowed")
    return prepared


def prepare_resource(text: str) -> str:
    """Map and check a resource: the OpaqueString profile."""
    return _enforce(_opaque, text)


def _enforce(profile: Callable[[str], str], text: str) -> str:
    _check_size(text)
    try:
        prepared = profile(text)
        # What never becomes stable must be rejected (RFC 8264 §7); ours must be so at once.
        stable = profile(prepared) == prepared
    except UnicodeError:
        raise MalformedPart("it contains a character that is not allowed") from None
    if not stable:
        raise MalformedPart("it has no stable form")
    _check_size(prepared)
    return prepared


def _check_size(text: str) -> None:
    if not text:
        raise MalformedPart("it is empty")
    try:
        octets = len(text.encode())
    except UnicodeEncodeError:
        raise MalformedPart("it is not text") from None
    if octets > MAX_OCTETS:
        raise MalformedPart("it is longer than 1023 octets")
