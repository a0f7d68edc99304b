"""Accounts from the administrator's side."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.administration import Administration
from server.control import Refused
from server.jid import JID
from server.sasl.keys import password_matches
from server.storage.accounts import find_account
from tests.harness.backend import opened
from tests.harness.clock import FakeClock
from tests.harness.entropy import SeededEntropy

ANNA = JID.of("anna@example.org")


class Ended(list[str]):
    """Whose sessions were to end."""

    def deleted(self, account: JID) -> None:
        self.append(f"deleted {account}")

    def changed(self, account: JID) -> None:
        self.append(f"changed {account}")

    def disabled(self, account: JID) -> None:
        self.append(f"disabled {account}")

    def enabled(self, account: JID) -> None:
        self.append(f"enabled {account}")


@asynccontextmanager
async def administration(folder: Path, ended: Ended | None = None) -> AsyncIterator[Administration]:
    ended = Ended() if ended is None else ended
    domains = (JID.of("example.org"), JID.of("example.net"))
    clock, entropy = FakeClock(), SeededEntropy()
    async with opened(folder) as database:
        yield Administration(
            database, domains, 4096, clock, entropy, ended.deleted, ended.changed,
            disabled=ended.disabled, enabled=ended.enabled,
        )  # fmt: skip


async def test_an_account_is_disabled_and_enabled(tmp_path: Path) -> None:
    ended = Ended()
    async with administration(tmp_path, ended) as admin:
        for jid in ("anna@example.org", "bert@example.net"):
            await admin.add(jid, "secret")
            await admin.disable(jid)
        assert await admin.list(disabled=True) == ["anna@example.org", "bert@example.net"]
        assert await admin.list("example.net", disabled=True) == ["bert@example.net"]
        assert (await admin.show("anna@example.org"))["disabled"] == "2023-11-14T22:13:20.000Z"
        await admin.password("anna@example.org", "new")
        await admin.enable("anna@example.org")
        assert await admin.list(disabled=True) == ["bert@example.net"]
        assert await admin.last_login("anna@example.org") == 0
        for order in (admin.disable, admin.enable, admin.show, admin.last_login):
            with pytest.raises(Refused, match="no account"):
                await order("carl@example.org")
    assert ended == [
        "disabled anna@example.org", "disabled bert@example.net", "changed anna@example.org",
        "enabled anna@example.org",
    ]  # fmt: skip


async def test_an_account_is_made_listed_and_deleted(tmp_path: Path) -> None:
    ended = Ended()
    async with administration(tmp_path, ended) as admin:
        await admin.add("Anna@example.org", "secret")
        await admin.add("bert@example.net", "secret")
        assert await admin.list() == ["anna@example.org", "bert@example.net"]
        assert await admin.list("example.net") == ["bert@example.net"]
        await admin.delete("anna@example.org")
        assert await admin.list() == ["bert@example.net"]
    assert ended == ["deleted anna@example.org"]


async def test_passwords_are_kept_for_every_hash_and_changed_as_a_whole(tmp_path: Path) -> None:
    ended = Ended()
    async with administration(tmp_path, ended) as admin:
        await admin.add(ANNA, "secret")
        await admin.password(ANNA, "other")
        account = await find_account(admin.database, ANNA)
    assert account is not None
    assert set(account.credentials) == {"sha512", "sha256", "sha1"}
    assert len({keys.salt for keys in account.credentials.values()}) == 3
    for keys in account.credentials.values():
        assert password_matches("other", keys)
    assert ended == ["changed anna@example.org"]


@pytest.mark.parametrize(
    ("jid", "words"),
    [
        ("anna@example.org", "there is an account anna@example.org already"),
        ("anna", "is not the address of an account"),
        ("anna@example.org/phone", "is not the address of an account"),
        ("an na@example.org", "is not an address"),
        ("anna@elsewhere", "elsewhere is not served here; served are: example.org, example.net"),
    ],
)
async def test_an_account_that_cannot_be_made(tmp_path: Path, jid: str, words: str) -> None:
    async with administration(tmp_path) as admin:
        await admin.add(ANNA, "secret")
        with pytest.raises(Refused, match=words):
            await admin.add(jid, "secret")


async def test_what_needs_an_account_says_that_there_is_none(tmp_path: Path) -> None:
    async with administration(tmp_path) as admin:
        for order in (admin.delete(ANNA), admin.password(ANNA, "x")):
            with pytest.raises(Refused, match="there is no account"):
                await order


async def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    async with administration(tmp_path) as admin:
        with pytest.raises(Refused, match="cannot be used: the password is empty"):
            await admin.add(ANNA, "")


async def test_many_accounts_at_once(tmp_path: Path) -> None:
    async with administration(tmp_path) as admin:
        await admin.add(ANNA, "secret")
        users = [(ANNA, "other"), ("bert@example.org", "b"), ("carl@example.net", "c")]
        assert await admin.import_accounts(users) == 2
        account = await find_account(admin.database, ANNA)
        assert account is not None
        assert password_matches("secret", account.credentials["sha256"])
        with pytest.raises(Refused, match="not served here"):
            await admin.import_accounts([("dora@elsewhere.example", "d")])
