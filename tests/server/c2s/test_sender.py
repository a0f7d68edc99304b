"""Whom a client says its stanzas are from."""

import pytest

from server.c2s.sender import is_own
from tests.harness.house import House


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("anna@example.org/balcony", True),
        ("anna@example.org", True),
        ("ANNA@Example.ORG/balcony", True),
        ("anna@example.org/Balcony", False),
        ("ben@example.org", False),
        ("example.org", False),
        ("", False),
        ("@", False),
    ],
)
async def test_only_the_full_and_the_bare_address_are_its_own(sender: str, expected: bool) -> None:
    async with House() as house:
        anna = await house.login("anna/balcony")
        assert is_own(sender, anna.session) is expected
