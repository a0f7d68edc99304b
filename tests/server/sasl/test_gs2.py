"""The client's messages in SCRAM; how they are refused is in `test_scram`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.sasl.gs2 import ClientFinal, ClientFirst, parse_client_final, parse_client_first
from tests.harness.scram import escape


def test_client_first() -> None:
    first = parse_client_first(b"p=tls-exporter,a=b=2Cc,n=user,r=abc,x=y")
    assert isinstance(first, ClientFirst)
    assert (first.username, first.nonce) == ("user", "abc")
    assert first.bare == "n=user,r=abc,x=y"
    assert (first.header.flag, first.header.binding) == ("p", "tls-exporter")
    assert first.header.authzid == "b,c"
    assert first.header.raw == b"p=tls-exporter,a=b=2Cc,"


def test_client_final() -> None:
    final = parse_client_final(b"c=biws,r=abc,x=y,p=AAEC")
    assert isinstance(final, ClientFinal)
    assert (final.binding, final.nonce, final.proof) == (b"n,,", "abc", b"\0\1\2")
    assert final.without_proof == "c=biws,r=abc,x=y"


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20))
def test_any_name_can_be_written(name: str) -> None:
    first = parse_client_first(f"n,,n={escape(name)},r=abc".encode())
    assert isinstance(first, ClientFirst)
    assert first.username == name


@given(st.binary(max_size=80))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert isinstance(parse_client_first(data), ClientFirst | str)
    assert isinstance(parse_client_final(data), ClientFinal | str)
