"""Base64, canonical or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sasl.encoding import decode, decode_message, encode


@given(st.binary(max_size=100))
def test_there_and_back(data: bytes) -> None:
    assert decode(encode(data)) == data


@given(st.text(alphabet="AQRab01+/=- \n", max_size=12))
def test_no_two_texts_mean_the_same(text: str) -> None:
    data = decode(text)
    assert data is None or encode(data) == text


@pytest.mark.parametrize("text", ["=", "A", "QQ", "QR==", "QUI", "-_==", "QUJD\n", "QUJD QUJD"])
def test_refused(text: str) -> None:
    assert decode(text) is None


def test_equals_sign_means_empty() -> None:
    assert decode_message("=") == b""
    assert decode_message("") == b""
    assert decode_message("QUJD") == b"ABC"
