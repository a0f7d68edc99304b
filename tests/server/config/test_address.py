"""Addresses to listen on."""

import pytest

from server.config.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5222", "127.0.0.1", 5222),
        ("[::]:5222", "::", 5222),
        ("localhost:0", "localhost", 0),
    ],
)
def test_an_address_is_read_and_written(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == (host, port)
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "5222", ":5222", "::1:5222", "[::1:5222", "a:", "a:65536", "a:-1", "a:²", "[]:1"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        Address.parse(text)
