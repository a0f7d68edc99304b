"""How a stream opens; the headers themselves are tried in test_stream.py."""

import pytest

from server.c2s.opening import claimed
from server.stream.header import parse_header
from server.stream.limits import Limits
from tests.harness.house import House
from tests.harness.talk import SUCCESS, connect, expect_end, header, plain


@pytest.mark.parametrize(
    ("from_", "who"),
    [
        ("", None),
        (" from='anna@example.org'", "anna@example.org"),
        (" from='Anna@EXAMPLE.org/a'", "anna@example.org"),
        (" from=''", None),
        (" from='a@b@c'", None),
    ],
)
def test_who_a_client_says_it_is(from_: str, who: str | None) -> None:
    tag = header(more=from_).partition("?>")[2].encode()
    assert claimed(parse_header(tag, ["jabber:client"], Limits())) == who


def test_nobody_says_anything_before_the_header() -> None:
    assert claimed(None) is None


STRANGERS = ["anna@elsewhere.example", "elsewhere.example", "anna@sub.example.org/a"]


@pytest.mark.parametrize("from_", STRANGERS)
async def test_a_user_of_another_domain(from_: str) -> None:
    """XEP-0388 §2.1: "the server SHOULD respond with an invalid-from error"."""
    async with House() as house:
        client = await connect(house, header(more=f" from='{from_}'"))
        assert client.header is not None
        await expect_end(client, "invalid-from")


@pytest.mark.parametrize("from_", STRANGERS)
async def test_a_user_of_another_domain_after_login(from_: str) -> None:
    """RFC 6120 §4.9.3.9: "does not match an authorized JID … as negotiated"."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
        await client.send(header(more=f" from='{from_}'"))
        await expect_end(client, "invalid-from")


@pytest.mark.parametrize("from_", ["anna@example.org", "ANNA@example.ORG/a", "example.org", ""])
async def test_a_user_of_this_domain(from_: str) -> None:
    async with House(domains=["example.org", "example.net"]) as house:
        client = await connect(house, header(more=f" from='{from_}'"))
        await client.expect("<stream:features/>")


async def test_a_user_of_a_neighbour_domain() -> None:
    """Both are served here; the stream is for one."""
    async with House(domains=["example.org", "example.net"]) as house:
        client = await connect(house, header(more=" from='anna@example.net'"))
        await expect_end(client, "invalid-from")
