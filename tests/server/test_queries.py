"""Requests of the server's own and who may answer them (RFC 6120 §8.2.3)."""

from pathlib import Path

import pytest

from server.errors import Condition, StanzaError
from server.jid import JID
from server.queries import MOST, MOST_FOR_ONE, PATIENCE
from server.shares import PARTS
from tests.extensions.stage import Client, Stage, open_stage
from tests.harness.loop import settle

PING = b"<ping xmlns='urn:xmpp:ping'/>"


async def asked(stage: Stage, client: Client) -> str:
    """The identifier of the request that the client has just got."""
    (request,) = client.heard()
    assert request.get("from") == stage.host.jid
    assert request.get("to") == client.jid
    return request.get("id", "")


async def test_an_answer_comes_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        answer = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        number = await asked(stage, romeo)
        await romeo.send(f"<iq type='result' id='{number}' to='{stage.host.jid}'/>")
        assert answer.result().from_ == romeo.jid
        assert len(stage.server.queries) == 0
        assert romeo.heard() == []


async def test_nobody_answers_for_somebody_else(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        mallory = await stage.login("mallory", "street")
        answer = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        number = await asked(stage, romeo)
        await mallory.send(f"<iq type='result' id='{number}' to='{stage.host.jid}'/>")
        assert not answer.done()
        answer.cancel()


async def test_who_never_answers_is_not_asked_for_ever(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        mallory = await stage.login("mallory", "street")
        romeo = await stage.login("romeo", "orchard")
        for _ in range(MOST_FOR_ONE):
            stage.server.queries.ask(stage.host.jid, mallory.jid, PING)
        with pytest.raises(StanzaError):
            await stage.server.queries.ask(stage.host.jid, mallory.jid, PING)
        answer = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        number = await asked(stage, romeo)
        await romeo.send(f"<iq type='result' id='{number}' to='{stage.host.jid}'/>")
        assert answer.done()


async def test_a_refusal_is_told_by_its_condition(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        answer = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        number = await asked(stage, romeo)
        await romeo.send(
            f"<iq type='error' id='{number}' to='{stage.host.jid}'><error type='cancel'>"
            "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
        with pytest.raises(StanzaError) as refusal:
            await answer
        assert refusal.value.condition is Condition.SERVICE_UNAVAILABLE


async def test_a_service_of_this_host_answers(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        service = next(iter(stage.server.services))
        unknown = b"<query xmlns='urn:example'/>"
        with pytest.raises(StanzaError) as refusal:
            await stage.server.queries.ask(stage.host.jid, JID.parse(service), unknown)
        assert refusal.value.condition is Condition.SERVICE_UNAVAILABLE
        nobody = JID.of("nobody.example")
        with pytest.raises(StanzaError) as refusal:
            await stage.server.queries.ask(stage.host.jid, nobody, PING)
        assert refusal.value.condition is Condition.REMOTE_SERVER_NOT_FOUND


async def test_who_is_gone_or_was_never_there_answers_at_once(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        answer = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        stage.server.sessions.end(romeo.session)
        late = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        for each in (answer, late):
            with pytest.raises(StanzaError) as refusal:
                await each
            assert refusal.value.condition is Condition.RECIPIENT_UNAVAILABLE
        assert len(stage.server.queries) == 0


async def test_silence_ends(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        answer = stage.server.queries.ask(stage.host.jid, romeo.jid, PING)
        await settle()
        for _ in range(int(PATIENCE // 5) + 1):
            stage.clock.advance(5)
            await settle()
        with pytest.raises(StanzaError) as refusal:
            await answer
        assert refusal.value.condition is Condition.REMOTE_SERVER_TIMEOUT


async def test_a_silent_domain_leaves_room_for_others(tmp_path: Path) -> None:
    """It may have as many accounts as it likes."""
    async with open_stage(tmp_path) as stage:
        queries = stage.server.queries
        stage.server.route = lambda *_: None  # type: ignore[method-assign]
        open_ = [
            queries.ask(stage.host.jid, JID.parse(f"u{number}@evil.example"), PING, purpose="push")
            for number in range(MOST)
        ]
        await settle()
        refused = [answer for answer in open_ if answer.done()]
        assert len(open_) - len(refused) <= MOST // PARTS
        for answer in refused:
            assert isinstance(answer.exception(), StanzaError)
        honest = queries.ask(stage.host.jid, JID.of("good.example"), PING, purpose="push")
        other = queries.ask(stage.host.jid, JID.of("u@evil.example"), PING, purpose="caps")
        await settle()
        assert not honest.done()
        assert not other.done()
        for answer in (*open_, honest, other):
            answer.cancel()
