"""Sessions that come, get lost, come back and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server import sessions as module
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.jid import JID
from tests.harness.house import House

if TYPE_CHECKING:
    from server.account import Account
    from server.session import Session

ANNA = JID.of("anna@example.org")


class Line:
    """A stream that notes how it ended."""

    is_congested = False

    def __init__(self) -> None:
        self.written = b""
        self.ended: list[StreamError | None] = []

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self, error: StreamError | None = None) -> None:
        self.ended.append(error)


async def test_nobody_comes_in_past_the_gate() -> None:
    """Whatever has brought him here (XEP-0133 §4.3)."""
    async with House() as house:
        account = await anna_of(house)
        account.is_disabled = True
        with pytest.raises(StanzaError) as refused:
            house.server.sessions.bind(account, ANNA.with_resource("a"), Line())
        assert refused.value.condition is Condition.NOT_ALLOWED
        assert house.server.sessions.count == 0


async def anna_of(house: House) -> Account:
    await house.add_user("anna")
    account = await house.server.hosts["example.org"].accounts.load(ANNA)
    assert account is not None
    return account


def bound(house: House, account: Account, resource: str = "a") -> tuple[Session, Line]:
    line = Line()
    session = house.server.sessions.bind(account, account.jid.with_resource(resource), line)
    return session, line


async def test_binding() -> None:
    async with House() as house:
        account = await anna_of(house)
        session, line = bound(house, account)
        assert account.sessions == {"a": session}
        assert house.server.sessions.count == 1
        assert house.server.hosts["example.org"].accounts.online(ANNA) is account
        assert not line.ended


async def test_the_place_of_another() -> None:
    """RFC 6120 §7.7.2.2."""
    async with House() as house:
        account = await anna_of(house)
        _, old = bound(house, account)
        session, new = bound(house, account)
        assert [error.condition for error in old.ended if error] == [StreamCondition.CONFLICT]
        assert not new.ended
        assert account.sessions == {"a": session}
        assert house.server.sessions.count == 1


async def test_no_place() -> None:
    async with House(config={"limits": {"max_resources_per_account": 1}}) as house:
        account = await anna_of(house)
        bound(house, account)
        with pytest.raises(StanzaError) as caught:
            bound(house, account, "b")
        assert caught.value.condition is Condition.RESOURCE_CONSTRAINT
        assert house.server.sessions.count == 1


async def test_ending_twice() -> None:
    async with House() as house:
        account = await anna_of(house)
        session, line = bound(house, account)
        for _ in range(2):
            house.server.sessions.end(session)
            house.server.sessions.lost(session)
        assert line.ended == [None]
        assert house.server.sessions.count == 0
        assert not account.sessions


async def test_the_old_one_cannot_end_the_new_one() -> None:
    async with House() as house:
        account = await anna_of(house)
        old, _ = bound(house, account)
        new, line = bound(house, account)
        house.server.sessions.end(old)
        house.server.sessions.lost(old)
        assert account.sessions == {"a": new}
        assert not line.ended


async def test_lost_and_found() -> None:
    """XEP-0198 §5."""
    async with House() as house:
        account, sessions = await anna_of(house), house.server.sessions
        session, line = bound(house, account)
        sessions.make_resumable(session)
        assert sessions.resumable(session.resume_id) is session
        sessions.lost(session)
        assert line.ended == [None]
        assert account.sessions == {"a": session}
        assert session in house.server.sweep.hibernating
        again = Line()
        sessions.take(session)
        sessions.resume(session, again)
        assert session.stream is again
        assert not house.server.sweep.hibernating


async def test_without_a_name_lost_is_lost() -> None:
    async with House() as house:
        account = await anna_of(house)
        session, _ = bound(house, account)
        house.server.sessions.lost(session)
        assert not account.sessions


async def test_what_an_ended_session_had_handled() -> None:
    """XEP-0198 §5: for its owner, and nobody else."""
    async with House(domains=["example.org", "example.net"]) as house:
        account, sessions, hosts = await anna_of(house), house.server.sessions, house.server.hosts
        session, _ = bound(house, account)
        sessions.make_resumable(session)
        session.handled = 2**32 + 3
        sessions.end(session)
        name = session.resume_id
        assert sessions.resumable(name) is None
        assert sessions.ended_at(name, hosts["example.org"], "anna") == 3
        assert sessions.ended_at(name, hosts["example.org"], "ben") is None
        assert sessions.ended_at(name, hosts["example.net"], "anna") is None
        assert sessions.ended_at("nonsense", hosts["example.org"], "anna") is None


async def test_nothing_is_said_of_what_is_not_yet_on_disk() -> None:
    async with House() as house:
        account, sessions = await anna_of(house), house.server.sessions
        session, _ = bound(house, account)
        sessions.make_resumable(session)
        session.sequence = house.server.journal.durable + 1
        sessions.end(session)
        host = house.server.hosts["example.org"]
        assert sessions.ended_at(session.resume_id, host, "anna") is None


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    async with House() as house:
        account, sessions = await anna_of(house), house.server.sessions
        names = []
        for _ in range(5):
            session, _ = bound(house, account)
            sessions.make_resumable(session)
            names.append(session.resume_id)
            sessions.end(session)
        host = house.server.hosts["example.org"]
        known = [sessions.ended_at(name, host, "anna") is not None for name in names]
        assert known == [False, False, True, True, True]


async def test_ending_all_of_an_account() -> None:
    async with House() as house:
        account = await anna_of(house)
        lines = [bound(house, account, name)[1] for name in ("a", "b")]
        error = StreamError(StreamCondition.RESET, "your password was changed")
        house.server.sessions.end_account(account, error)
        assert [line.ended for line in lines] == [[error], [error]]
        assert not account.sessions
