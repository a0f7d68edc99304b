"""The names of clients within the house."""

from __future__ import annotations

from server.clients import name_of, resource_suffix

PHONE = "d4565fa7-4d72-4749-b3d3-740edbf87770"


def test_a_name_is_stable_and_of_one_account_on_one_server() -> None:
    name = name_of(b"secret", "anna@example.org", PHONE)
    assert name == name_of(b"secret", "anna@example.org", PHONE)
    others = {
        name_of(b"other", "anna@example.org", PHONE),
        name_of(b"secret", "ben@example.org", PHONE),
        name_of(b"secret", "anna@example.org", "other"),
    }
    assert len(others | {name}) == 4
    assert PHONE not in name


def test_a_resource_tells_neither_identifier_nor_name() -> None:
    """XEP-0386 §3.2.1: the id "MUST NOT be exposed by the server"."""
    name = name_of(b"secret", "anna@example.org", PHONE)
    suffix = resource_suffix(b"secret", "anna@example.org", name, "Tag")
    assert suffix == resource_suffix(b"secret", "anna@example.org", name, "Tag")
    assert suffix != resource_suffix(b"secret", "anna@example.org", name, "Other")
    assert suffix not in name
    assert name not in suffix
