"""Preparing passwords (RFC 8265 §4.2, RFC 4013)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sasl.password import LONGEST, PasswordRefused, prepare_password


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("correct horse battery staple", "correct horse battery staple"),
        ("Correct Horse", "Correct Horse"),
        ("π\u00dfå", "π\u00dfå"),
        ("Jack of \u2666s", "Jack of \u2666s"),
        ("foo\u1680bar", "foo bar"),
        ("e\u0301", "\u00e9"),
        # What OpaqueString refuses goes by SASLprep.
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
        ("I\u00adX", "IX"),
    ],
)
def test_prepared(typed: str, prepared: str) -> None:
    assert prepare_password(typed) == prepared


@pytest.mark.parametrize(
    "typed", ["", "a\0b", "my cat is a \u0009by", "\u00ad", "\ud800", "\x7f", "x" * (LONGEST + 1)]
)
def test_refused(typed: str) -> None:
    with pytest.raises(PasswordRefused):
        prepare_password(typed)


@given(st.text(max_size=30))
def test_preparing_twice_changes_nothing(typed: str) -> None:
    try:
        prepared = prepare_password(typed)
    except PasswordRefused:
        return
    assert prepare_password(prepared) == prepared
