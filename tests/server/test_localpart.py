"""Localparts and resources beyond ASCII (RFC 7622 §3.3, §3.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precis_i18n import baseclass

from server.localpart import MalformedPart, prepare_local, prepare_resource


def test_a_localpart_is_folded_and_a_resource_is_not() -> None:
    assert prepare_local("J\u00dcRGEN") == "j\u00fcrgen"
    assert prepare_resource("J\u00dcRGEN") == "J\u00dcRGEN"
    assert prepare_local("u\u0308") == prepare_resource("u\u0308") == "\u00fc"
    assert prepare_local("\uff41") == "a"
    assert prepare_resource("a\u3000b") == "a b"


@pytest.mark.parametrize(
    "text", ["", "a b", "\uff20", "\uff0f", "a\uff06b", "\u2163", "\0", "\u00ad"]
)
def test_refused_as_localpart(text: str) -> None:
    with pytest.raises(MalformedPart):
        prepare_local(text)


@pytest.mark.parametrize("text", ["", "\0", "\x7f", "\ufdd0", "\ud800", "\u00fc" * 512])
def test_refused_as_resource(text: str) -> None:
    with pytest.raises(MalformedPart):
        prepare_resource(text)


def test_what_a_character_is_is_found_out_once() -> None:
    found = vars(baseclass)["derived_property"]
    prepare_resource("ñ" * 500)
    misses = found.cache_info().misses
    prepare_resource("ñ" * 499)
    assert found.cache_info().misses == misses


@given(st.text(max_size=12))
def test_idempotent(text: str) -> None:
    for prepare in (prepare_local, prepare_resource):
        try:
            prepared = prepare(text)
        except MalformedPart:
            continue
        assert prepare(prepared) == prepared
