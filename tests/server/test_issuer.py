"""Logging in with the token of an issuer, on a whole server; where its keys come from."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from server import issuer as module
from server.c2s.request import NS_FAST
from server.config import load
from server.issuer import AGAIN, KEPT, LARGEST, PATIENCE
from server.issuer import Issuer as Checker
from server.rooms import sections
from server.sasl.bearer import NOT_SIGNED, Grant
from server.tasks import Tasks
from tests.harness.clock import FakeClock
from tests.harness.house import House
from tests.harness.https import Authority, HTTPSServer
from tests.harness.issuer import Issuer
from tests.harness.loop import settle
from tests.harness.sasl2 import (
    BIND,
    FEATURES,
    SASL2,
    SUCCESS,
    failure,
    fast,
    plain,
    request,
    token_of,
    wish,
)
from tests.harness.talk import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.harness.house import Client

OURS = Issuer()
NEWER = Issuer(7, "seven")
REFRESH = 3600.0


def bearer(token: str, *more: str) -> str:
    return request("OAUTHBEARER", f"n,,\x01auth=Bearer {token}\x01\x01".encode(), *more)


async def attempt(house: House, said: str) -> Client:
    client = await connect(house)
    await client.send(said)
    return client


async def test_off_unless_configured() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await attempt(house, bearer(OURS.sign()))
        await client.expect(failure("invalid-mechanism"))
        await client.send(plain("anna", password=OURS.sign()))
        await client.expect(failure("not-authorized"))


async def test_both_ways_and_then_a_token_of_ours(tmp_path: Path) -> None:
    async with House(config=OURS.config(tmp_path)) as house:
        await house.add_user("anna")
        client = house.connect()
        features = await client.open()
        assert [each.text for each in features.iter(f"{{{SASL2}}}mechanism")][-1] == "OAUTHBEARER"
        await client.send(plain("anna", BIND, password=OURS.sign()))
        await client.expect(SUCCESS)
        client = await attempt(house, bearer(OURS.sign(), BIND, wish()))
        token = token_of(await client.expect(SUCCESS))
        await client.expect(FEATURES)
        house.clock.advance(7200)
        late = await attempt(house, bearer(OURS.sign()))
        await late.expect(f"<challenge xmlns='{SASL2}'/>")
        await late.send(f"<response xmlns='{SASL2}'>AQ==</response>")
        await late.expect(failure("not-authorized"))
        await (await fast(house, "anna", token)).expect(SUCCESS)
        rows = await house.database.fetch("SELECT password, granted FROM client")
        assert rows == [(0, 1)]


async def test_a_grant_makes_no_password(tmp_path: Path) -> None:
    """XEP-0480 is for those who know the password."""
    upgrade = "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>"
    async with House(config=OURS.config(tmp_path, create=True)) as house:
        client = await attempt(house, bearer(OURS.sign(), upgrade))
        await client.expect(SUCCESS)
        assert not await house.database.fetch("SELECT * FROM credential")


async def test_accounts_are_made_only_when_that_is_wanted(tmp_path: Path) -> None:
    for create in (False, True):
        async with House(config=OURS.config(tmp_path, create=create)) as house:
            client = await attempt(house, plain("anna", BIND, password=OURS.sign()))
            await client.expect(SUCCESS if create else failure("not-authorized"))
            again = await attempt(house, plain("anna", BIND, password="guess"))
            await again.expect(failure("not-authorized"))


async def test_new_keys_are_found_when_they_are_needed(tmp_path: Path) -> None:
    async with House(config=OURS.config(tmp_path)) as house:
        await house.add_user("anna")
        (tmp_path / "jwks.json").write_bytes(NEWER.jwks)
        house.clock.advance(60)
        client = await attempt(house, plain("anna", password=NEWER.sign()))
        await client.expect(failure("not-authorized"))
        for _ in range(100):
            await house.settle()
            client = await attempt(house, plain("anna", password=NEWER.sign()))
            if (await client.next()).tag == f"{{{SASL2}}}success":
                break
        else:
            raise AssertionError("the new keys were not read")


async def test_a_server_without_keys_serves_everybody_else(tmp_path: Path) -> None:
    config = OURS.config(tmp_path)
    (tmp_path / "jwks.json").write_text("{}")
    async with House(config=config) as house:
        await house.add_user("anna")
        client = await attempt(house, plain("anna", password=OURS.sign()))
        await client.expect(failure("not-authorized"))
        await client.send(plain("anna"))
        success = await client.expect(SUCCESS)
        assert success.find(f"{{{NS_FAST}}}token") is None


# -- keys by https --


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The only one whom this machine trusts."""
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.path))
    monkeypatch.setenv("no_proxy", "*")
    return found


@asynccontextmanager
async def publishing(authority: Authority, name: str = "localhost") -> AsyncIterator[HTTPSServer]:
    """A server that has our keys."""
    async with HTTPSServer(authority.context(name)) as server:
        server.says(OURS.jwks)
        yield server


class Checking:
    """An issuer's tokens checked with keys from an address, and the clock. Use as `async with`."""

    def __init__(self, folder: Path, keys: str) -> None:
        config = load(
            rooms=sections(), environ={},
            overrides={"server": {"data": str(folder)}, **OURS.config(folder, keys=keys)},
        )  # fmt: skip
        self.clock = FakeClock()
        self.tasks = Tasks("issuer")
        self.checker = Checker(config, self.clock, self.tasks)

    async def __aenter__(self) -> Checking:
        await self.checker.start()
        await settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.tasks.close()

    def takes(self, issuer: Issuer) -> bool:
        """Whether the tokens of an issuer are good."""
        return isinstance(self.checker.verify(issuer.sign(exp=self.clock.utcnow() + 60)), Grant)

    async def read(self) -> None:
        """Let whatever reads come to its end."""
        await settle()
        async with self.checker._reading:
            pass
        await settle()

    async def passed(self, seconds: float) -> None:
        """So much time later, with all that was due done."""
        self.clock.advance(seconds)
        await self.read()


async def test_keys_come_over_https(tmp_path: Path, authority: Authority) -> None:
    async with publishing(authority) as server:
        config = OURS.config(tmp_path, keys=server.address())
        async with House(config=config) as house:
            await house.add_user("anna")
            client = await attempt(house, bearer(OURS.sign(), BIND))
            await client.expect(SUCCESS)
    assert len(server.heard) == 1
    head = server.heard[0].lower()
    assert head.startswith("get /keys http/1.1")
    assert "\r\nuser-agent: skerry/" in head
    assert "\r\naccept: application/json\r\n" in head


async def test_they_are_read_again_from_time_to_time(tmp_path: Path, authority: Authority) -> None:
    async with publishing(authority) as server, Checking(tmp_path, server.address()) as checking:
        server.says(NEWER.jwks)
        await checking.passed(REFRESH - 1)
        assert checking.takes(OURS)
        await checking.passed(1)
        assert checking.takes(NEWER)
        assert not checking.takes(OURS), "what the issuer has taken back is worth nothing"
        await checking.passed(REFRESH)
        assert len(server.heard) == 3


async def test_a_new_key_is_looked_for_but_not_all_the_time(
    tmp_path: Path, authority: Authority
) -> None:
    async with publishing(authority) as server, Checking(tmp_path, server.address()) as checking:
        for stranger in (Issuer(8, "eight"), Issuer(9, "nine"), Issuer(8, "one")):
            assert not checking.takes(stranger)
            await checking.read()
        assert len(server.heard) == 1, "the keys are fresh"
        await checking.passed(AGAIN)
        for _ in range(3):
            assert not checking.takes(NEWER)
        await checking.read()
        assert not checking.takes(NEWER)
        await checking.read()
        assert len(server.heard) == 2
        server.says(NEWER.jwks)
        await checking.passed(AGAIN - 1)
        assert not checking.takes(NEWER)
        await checking.passed(1)
        assert not checking.takes(NEWER)
        await checking.read()
        assert checking.takes(NEWER)
        assert len(server.heard) == 3


async def test_what_no_key_can_mend_asks_for_none(tmp_path: Path, authority: Authority) -> None:
    async with publishing(authority) as server, Checking(tmp_path, server.address()) as checking:
        await checking.passed(AGAIN)
        verify = checking.checker.verify
        for token in ("eyJ.eyJ.x", OURS.sign(exp=1), OURS.sign(aud="other"), "a" * 9000):
            assert verify(token) not in ("", NOT_SIGNED)
        await checking.read()
        assert len(server.heard) == 1


async def test_when_the_issuer_is_away_its_keys_stay_good_for_a_day(
    tmp_path: Path, authority: Authority
) -> None:
    async with publishing(authority) as server:
        checking = Checking(tmp_path, server.address())
        await checking.__aenter__()
    try:
        await checking.passed(REFRESH)
        assert checking.takes(OURS)
        await checking.passed(KEPT - 1)
        assert checking.takes(OURS)
        await checking.passed(1)
        assert not checking.takes(OURS)
        async with server:
            await checking.passed(REFRESH)
            assert checking.takes(OURS), "it is back"
    finally:
        await checking.__aexit__()


async def test_an_issuer_who_is_away_is_asked_soon_then_less_often(
    tmp_path: Path, authority: Authority
) -> None:
    async with publishing(authority) as server, Checking(tmp_path, server.address()) as checking:
        server.says(b"", "503 Service Unavailable")
        pauses = (REFRESH, 60, 120, 240, 480, 960, 1920, REFRESH, REFRESH)
        for number, pause in enumerate(pauses, 2):
            await checking.passed(pause - 1)
            assert len(server.heard) == number - 1
            await checking.passed(1)
            assert len(server.heard) == number
        server.says(OURS.jwks)
        for _ in range(2):
            await checking.passed(REFRESH)
        assert len(server.heard) == len(pauses) + 3


ANSWERS = {
    "of no use": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nHi!\n",
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "half": b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + NEWER.jwks,
    "no header": NEWER.jwks,
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n" + NEWER.jwks,
    "an error": b"HTTP/1.1 500 Oh\r\n\r\n" + NEWER.jwks,
    "too much": b"HTTP/1.1 200 OK\r\n\r\n" + NEWER.jwks + b" " * LARGEST,
    "nothing": b"",
    "keys of another kind": b'HTTP/1.1 200 OK\r\n\r\n{"keys": [{"kty": "oct"}, {"kty": []}]}',
    "deep": b'HTTP/1.1 200 OK\r\n\r\n{"keys": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_that_is_none_changes_nothing(
    answer: bytes, tmp_path: Path, authority: Authority
) -> None:
    async with publishing(authority) as server, Checking(tmp_path, server.address()) as checking:
        server.answer = answer
        await checking.passed(REFRESH)
        assert len(server.heard) == 2
        assert checking.takes(OURS)
        assert not checking.takes(NEWER)


async def test_as_much_as_is_allowed(tmp_path: Path, authority: Authority) -> None:
    async with publishing(authority) as server:
        server.says(OURS.jwks + b" " * (LARGEST - len(OURS.jwks)))
        async with Checking(tmp_path, server.address()) as checking:
            assert checking.takes(OURS)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_nobody_is_followed(status: str, tmp_path: Path, authority: Authority) -> None:
    async with publishing(authority) as other, publishing(authority) as server:
        server.says(b"", status, f"Location: {other.address()}")
        async with Checking(tmp_path, server.address()) as checking:
            assert not checking.takes(OURS)
    assert (len(server.heard), len(other.heard)) == (1, 0)


async def test_who_is_not_vouched_for_is_not_asked(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger")
    async with publishing(stranger) as server, Checking(tmp_path, server.address()) as checking:
        assert not checking.takes(OURS)
        assert server.heard == []
    async with publishing(authority, "id.example.org") as server:
        async with Checking(tmp_path, server.address()) as checking:
            assert not checking.takes(OURS)
        assert server.heard == []


async def test_an_answer_that_does_not_come_is_not_waited_for(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PATIENCE <= 10
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    async with publishing(authority) as server:
        server.holds = True
        server.answer = server.answer[:-20]
        async with Checking(tmp_path, server.address()) as checking:
            assert not checking.takes(OURS)
            if server.heard:  # on a slow machine the patience may end before that
                await server.has_hung_up.wait()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_the_server_does_not_wait_for_it_when_it_ends(
    said: bytes, tmp_path: Path, authority: Authority
) -> None:
    async with publishing(authority) as server:
        async with Checking(tmp_path, server.address()) as checking:
            server.holds, server.answer = True, said
            server.has_heard.clear()
            checking.clock.advance(REFRESH)
            await server.has_heard.wait()
        await server.has_hung_up.wait()
    assert checking.takes(OURS)
