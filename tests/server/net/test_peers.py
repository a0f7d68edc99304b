"""What counts as one place on the network."""

import asyncio

import pytest

from server.net.peers import is_here, peer_of, subnet
from tests.harness.wire import Transport

PLACES = [
    ("192.0.2.1", "192.0.2.1", False),
    ("::ffff:192.0.2.1", "192.0.2.1", False),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", False),
    ("2001:db8:1:2::", "2001:db8:1:2::/64", False),
    ("fe80::1%eth0", "fe80::/64", False),
    ("::1", "::/64", True),
    ("127.0.0.1", "127.0.0.1", True),
    ("127.8.9.10", "127.8.9.10", True),
    ("::ffff:127.0.0.1", "127.0.0.1", True),
    ("", "", True),
]


@pytest.mark.parametrize(("address", "place", "here"), PLACES)
def test_places(address: str, place: str, here: bool) -> None:
    assert subnet(address) == place
    assert is_here(place) is here


def test_the_other_end_of_a_transport() -> None:
    assert peer_of(Transport(lambda _: None, "192.0.2.7")) == "192.0.2.7"
    assert peer_of(asyncio.BaseTransport()) == ""


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:0:192.0.2.7", "::ffff:0:192.0.2.7"),
    ],
)
def test_ipv4_on_a_socket_for_both(told: str, expected: str) -> None:
    assert peer_of(Transport(lambda _: None, told)) == expected
