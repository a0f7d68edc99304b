"""Domainparts (RFC 7622 §3.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domainpart import MalformedDomain, prepare_domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("xn--BCHER-kva.de", "b\u00fccher.de"),
        ("B\u00dcCHER.de", "b\u00fccher.de"),
        ("bu\u0308cher.de", "b\u00fccher.de"),
        ("\uff45xample\uff0ecom\uff61", "example.com"),
        ("[0:0::1]", "[::1]"),
        ("10.0.0.1", "10.0.0.1"),
        ("_x._y", "_x._y"),
        ("\u05d0.example", "\u05d0.example"),
    ],
)
def test_canonical_form(text: str, domain: str) -> None:
    assert prepare_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a..", ".a", "a b", "a@b", "a/b", "a:1", "-a", "a-", "[]", "[::1", "[1.2.3.4]",
     "xn--a", "xn--\u00fc", "\u00fc" * 64, "a" * 64, "a." * 600 + "a", "\u2665.de",
     "\u05d0a.example",
     ".".join(["\u00fc"] * 17), "a." + "a." * 127 + "\u00fc", "a\u200d.de", "\ud800.de", "a\0"],
    ids=lambda text: ascii(text)[:20],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(MalformedDomain):
        prepare_domain(text)


@given(st.text(max_size=12))
def test_idempotent(text: str) -> None:
    try:
        domain = prepare_domain(text)
    except MalformedDomain:
        return
    assert prepare_domain(domain) == domain
