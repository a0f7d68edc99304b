"""What extensions are made of, run by a real host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from lxml import etree

from server.errors import Condition, StanzaError
from server.extension import (
    IQ,
    XEP,
    At,
    Extension,
    Inbound,
    Nonza,
    On,
    Outbound,
    Phase,
    Request,
    Verdict,
)
from server.moments import SessionBound, SessionEnded
from server.presence.service import PresenceService
from server.roster.service import RosterService
from tests.harness.house import CORE, House
from tests.harness.talk import STANZAS, expect_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

NS = "urn:example:a"


def made(*wires_: Any, name_: str = "made") -> type[Extension]:
    class Made(Extension):
        name = name_

        def wires(self) -> Iterable[Any]:
            return wires_

    return Made


def test_a_specification() -> None:
    spec = XEP(45, "Multi-User Chat", "1.35.1")
    assert (spec.name, spec.status) == ("XEP-0045", "complete")


async def asked(handler: Any, at: At = At.OWN, to: str = "") -> Any:
    """Ask an extension that answers with this handler; gives the answer."""
    async with House((*CORE, made(IQ("get", f"{{{NS}}}a", handler, at=at)))) as house:
        client, _ = await house.login("anna/a"), await house.login("ben/b")
        address = f" to='{to}'" if to else ""
        await client.send(f"<iq type='get' id='1'{address}><a xmlns='{NS}'/></iq>")
        answer = await client.expect("<iq id='1'/>")
        await client.expect_nothing()
        return answer


@pytest.mark.parametrize(
    "payload", [b"<b xmlns='urn:example:b'/>", etree.Element("{urn:example:b}b")]
)
@pytest.mark.parametrize("waits", [False, True])
async def test_answers(payload: Any, waits: bool) -> None:
    async def later(request: Request) -> Any:
        return payload

    answer = await asked(later if waits else lambda request: payload)
    assert answer.get("type") == "result"
    assert answer[0].tag == "{urn:example:b}b"


async def test_empty_answers() -> None:
    assert len(await asked(lambda request: None)) == 0


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("raised", "condition"),
    [
        (StanzaError(Condition.CONFLICT, "no"), "conflict"),
        (RuntimeError("the secret is 42"), "internal-server-error"),
    ],
)
async def test_refusals_and_bugs(waits: bool, raised: Exception, condition: str) -> None:
    def now(request: Request) -> None:
        raise raised

    async def later(request: Request) -> None:
        raise raised

    answer = await asked(later if waits else now)
    assert answer[0][0].tag == f"{{{STANZAS}}}{condition}"
    assert b"42" not in etree.tostring(answer)


@pytest.mark.parametrize(
    ("to", "at"),
    [
        ("", At.OWN), ("anna@example.org", At.OWN), ("example.org", At.HOST),
        ("ben@example.org", At.ACCOUNT),
    ],
)  # fmt: skip
async def test_who_is_asked(to: str, at: At) -> None:
    seen: list[Request] = []

    def handler(request: Request) -> None:
        seen.append(request)

    assert (await asked(handler, at, to)).get("type") == "result"
    (request,) = seen
    assert request.from_ == "anna@example.org/a"
    assert request.is_own is (at is At.OWN)
    assert (request.account is None) is (at is At.HOST)
    for other in (At.OWN, At.HOST, At.ACCOUNT):
        if other is not at:
            assert (await asked(handler, other, to)).get("type") == "error"
    assert len(seen) == 1


async def test_something_before_the_answer() -> None:
    async def handler(request: Request) -> None:
        request.send(b"<message from='example.org' to='anna@example.org/a'/>")

    async with House((*CORE, made(IQ("get", f"{{{NS}}}a", handler, at=At.OWN)))) as house:
        client = await house.login("anna/a")
        await client.send(f"<iq type='get' id='1'><a xmlns='{NS}'/></iq>")
        await client.expect("<message from='example.org'/>")
        await client.expect("<iq type='result' id='1'/>")


@pytest.mark.parametrize("kind", [Outbound, Inbound])
@pytest.mark.parametrize("stanza", ["message", "presence", "iq"])
async def test_taps_can_refuse_and_drop(kind: Any, stanza: str) -> None:
    def tap(subject: object, stanza: Any) -> Any:
        if f"{{{NS}}}drop" in stanza.payloads:
            return Verdict.DROP
        return StanzaError(Condition.FORBIDDEN) if f"{{{NS}}}no" in stanza.payloads else None

    async with House((*CORE, made(kind(Phase.GUARD, tap, kind=stanza)))) as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        start = f"<{stanza} id='1' to='ben@example.org/b'" + (" type='get'" * (stanza == "iq"))
        await anna.send(f"{start}><no xmlns='{NS}'/></{stanza}>")
        await expect_refusal(anna, "forbidden", stanza)
        await anna.send(f"{start}><drop xmlns='{NS}'/></{stanza}>")
        await anna.expect_nothing()
        await ben.expect_nothing()
        await anna.send(f"{start}><yes xmlns='{NS}'/></{stanza}>")
        await ben.expect(f"<{stanza} id='1' from='anna@example.org/a'/>")


async def test_moments() -> None:
    seen = []

    async def note(moment: Any) -> None:
        seen.append((type(moment).__name__, str(moment.session.jid)))

    def broken(moment: Any) -> None:
        raise RuntimeError

    wires = (On(SessionBound, broken), On(SessionBound, note), On(SessionEnded, note))
    async with House((*CORE, made(*wires))) as house:
        client = await house.login("anna/a")
        await client.close()
        await house.settle()
        assert seen == [
            ("SessionBound", "anna@example.org/a"),
            ("SessionEnded", "anna@example.org/a"),
        ]


async def test_nonzas() -> None:
    seen = []

    def handler(session: Any, element: Any) -> None:
        seen.append(element.tag)

    async with House((*CORE, made(Nonza(f"{{{NS}}}a", handler)))) as house:
        client = await house.login("anna/a")
        await client.send(f"<a xmlns='{NS}'/>")
        assert seen == [f"{{{NS}}}a"]
        assert client.line.is_open


# -- their lives --


async def test_they_start_in_order_and_stop_in_reverse() -> None:
    events: list[str] = []

    class One(Extension):
        name: ClassVar[str] = "one"

        async def start(self) -> None:
            events.append(f"{self.name} starts at {self.host.domain}")

        async def stop(self) -> None:
            events.append(f"{self.name} stops")

    class Two(One):
        name: ClassVar[str] = "two"
        requires: ClassVar[tuple[str, ...]] = ("one",)

    async with House((*CORE, One, Two)) as house:
        assert isinstance(house.server.hosts["example.org"].service("one"), One)
    assert events == [
        "one starts at example.org", "two starts at example.org", "two stops", "one stops",
    ]  # fmt: skip


async def test_what_is_required_must_be_there() -> None:
    class Two(Extension):
        name: ClassVar[str] = "two"
        requires: ClassVar[tuple[str, ...]] = ("one",)

    async with House() as house:
        with pytest.raises(LookupError, match="two requires one"):
            await house.server.hosts["example.org"].start((RosterService, PresenceService, Two))
