"""Whom a peer says it is."""

from __future__ import annotations

import pytest

from server.jid import JID
from server.sasl.identity import account_of, may_act_as


@pytest.mark.parametrize(
    ("authcid", "account"),
    [
        ("user", "user@example.org"),
        ("USER", "user@example.org"),
        ("user@example.org", "user@example.org"),
        ("user@EXAMPLE.org", "user@example.org"),
        ("user@other.example", None),
        ("user@example.org/home", None),
        ("user/home", None),
        ("@example.org", None),
        ("a b", None),
        ("", None),
    ],
)
def test_account_of(authcid: str, account: str | None) -> None:
    assert account_of(authcid, "example.org") == account


def test_may_act_as() -> None:
    account = JID.of("user@example.org")
    assert may_act_as(account, "")
    assert may_act_as(account, "User@example.org")
    assert not may_act_as(account, "user@example.org/home")
    assert not may_act_as(account, "other@example.org")
    assert not may_act_as(account, "example.org")
    assert not may_act_as(account, "@")
