"""Preparing passwords so that equal ones are equal bytes (RFC 8265 §4.2, RFC 4013)."""

from __future__ import annotations

import stringprep
import unicodedata

from precis_i18n import get_profile

LONGEST = 1024
"""Characters: far above any real password, and a bound on the work one can cause."""

_OPAQUE = get_profile("OpaqueString")


class PasswordRefused(ValueError):
    """This text cannot be a password; the message says why and may be shown."""


def prepare_password(password: str) -> str:
    """The canonical form of a password; raises `PasswordRefused`.

    OpaqueString first; what it refuses but older clients may send, such as emoji with joiners,
    is prepared as SASLprep does.
    """
    # "A password MUST NOT be zero bytes in length" (RFC 8265 §4.1).
    if not password:
        raise PasswordRefused("the password is empty")
    if len(password) > LONGEST:
        raise PasswordRefused(f"the password is longer than {LONGEST} characters")
    if password.isascii() and password.isprintable():
        return password
    try:
        return _OPAQUE.enforce(password)
    except UnicodeEncodeError:
        return _saslprep(password)


def _saslprep(password: str) -> str:
    """SASLprep without the check of direction and of unassigned code points (RFC 4013 §2)."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if not prepared:
        raise PasswordRefused("nothing of the password is left after preparation")
    if any(_is_prohibited(char) for char in prepared):
        raise PasswordRefused("the password has control characters")
    return prepared


def _is_prohibited(char: str) -> bool:
    """Control, private and surrogate code points and such (RFC 4013 §2.3)."""
    return (
        stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
    )
